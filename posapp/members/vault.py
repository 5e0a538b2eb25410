"""What a customer typed, on its way to HQ: sealed at once, so that the till itself cannot read it again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, delete, func, select

from posapp import db
from posapp.calls import BoxAnswer
from posapp.ids import Chance, b64u, unb64u
from posapp.keys import TillKeys, seal
from posapp.tables import vault


@dataclass(frozen=True, slots=True)
class Sealed:
    """box goes its own way; digest and salt stand in the journal and say which box belongs to the entry."""

    box: str
    digest: str
    salt: str


def sealed(phone: str, keys: TillKeys, chance: Chance) -> Sealed:
    """A phone (E.164) that only HQ can read."""
    box, salt = seal(phone.encode(), keys.hq_box, "person"), chance(16)
    return Sealed(box, b64u(sha256(salt + unb64u(box)).digest()), b64u(salt))


def keep(conn: Connection, event: str, box: str) -> None:
    """Keep a box in the transaction of its entry."""
    conn.execute(vault.insert().values(event=event, box=box))


def hand_over(file: db.File, send: Callable[[str, str], BoxAnswer]) -> bool:
    """Give HQ what waits, and forget it; whether it said of one that its phone gets no messages. Raises what send
    raises."""
    with file.reading() as conn:
        boxes = conn.execute(select(vault.c.event, vault.c.box)).all()
    is_refused = False
    for row in boxes:
        answer = send(row.event, row.box)
        is_refused |= bool(answer.is_refused)
        if answer.is_held:
            with file.transaction() as conn:
                conn.execute(delete(vault).where(vault.c.event == row.event))
    return is_refused


def waiting(file: db.File) -> int:
    """How many boxes HQ does not hold yet."""
    with file.reading() as conn:
        return conn.scalar(select(func.count()).select_from(vault)) or 0

"""The join codes of a till's tickets, made with no network; no two tickets ever share one."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from posapp import db
from posapp.clock import DAY
from posapp.ids import unb64u
from posapp.keys import TillKeys
from posapp.rules.join_token import FIRST_DAY, HQ_SERIES, MOST_SEQUENCE, PATH, Token, make, read
from posapp.tables import reserve

RESERVED = 256
"""Numbers set aside at once: one durable write for so many tickets. What a stop leaves unused stays unused."""

_NAME = "join"


class Tokens:
    """Mints codes. epoch: the journal's number, by which a restored till's codes differ from those before."""

    def __init__(self, file: db.File, keys: TillKeys, epoch: int) -> None:
        assert keys.certificate
        self._file = file
        self._key = unb64u(keys.token)
        self._store, self._till = keys.certificate.store, keys.certificate.till
        self._series = epoch % HQ_SERIES
        with file.reading() as conn:
            self._next = self._upto = conn.scalar(select(reserve.c.upto).where(reserve.c.name == _NAME)) or 0
        self._reserve()

    def mint(self, clerk: int, now: int) -> str:
        """A new ticket's code, as the customer display shows it: 26 characters."""
        if self._next >= self._upto:
            self._reserve()
        self._next += 1
        sequence = self._next & MOST_SEQUENCE
        day = max(FIRST_DAY, now // DAY)
        return make(Token(self._store, self._till, clerk, "display", sequence, day, self._series), self._key)

    def _reserve(self) -> None:
        upto = self._upto + RESERVED
        with self._file.transaction() as conn:
            statement = insert(reserve).values(name=_NAME, upto=upto)
            conn.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"upto": upto}))
        self._upto = upto

    def on(self, text: str, channel: str) -> str:
        """The same ticket's code for another place."""
        return make(read(text)[0].on(channel), self._key)


def stem_of(text: str) -> str:
    """By which HQ names a ticket's code, on whatever surface it was seen."""
    return read(text)[0].stem


def link(text: str, address: str) -> str:
    """What the QR code says."""
    return f"{address}{PATH}{text}"

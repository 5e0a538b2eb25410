"""What HQ's people do for a person by hand: who looks after them, titles, tags, texts; the tills are told at once.

Each is one transaction of the caller's, and publishes as its last word.
"""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.care import scripts, tags
from posapp.hq.care.cards import card_rows
from posapp.hq.care.hints import hint_rows, lock
from posapp.hq.care.owners import HANDOVER, SET, assign, by_friendship, need_clerk, owners
from posapp.hq.care.tables import hint, owner, title
from posapp.hq.care.words import facing
from posapp.hq.database import Database, portions, upsert
from posapp.hq.members import friends
from posapp.hq.members.identity import roots, same_as
from posapp.hq.members.tables import person
from posapp.hq.members.tiers import plain_id
from posapp.hq.vault import Vault
from posapp.ids import Chance

LONGEST_TITLE = 12


def set_owner(conn: Connection, root: str, number: int, by: str, now: int) -> None:
    """Give a person to a clerk; the tills are told in the same breath. Raises PosError not_found, clerk_off."""
    need_clerk(conn, number)
    lock(conn, [root])
    assign(conn, root, number, SET, by, now)
    feed.publish(conn, card_rows(conn, [root], now))


def handover(database: Database, giver: int, taker: int, by: str, now: int) -> int:
    """Give everybody whom a clerk looks after to another; how many. A stop in the middle goes on when run again.

    Raises PosError not_found, clerk_off, same_clerk.
    """
    if giver == taker:
        raise PosError("same_clerk", clerk=giver)
    with database.reading() as conn:
        need_clerk(conn, giver, active=False)
        need_clerk(conn, taker)
        mine = select(person.c.root).join(owner, owner.c.ref == person.c.ref)
        people = sorted(set(conn.scalars(mine.where(owner.c.clerk == giver, owner.c.until == 0))))
        people = [root for root, row in owners(conn, people).items() if row.clerk == giver]
    for some in portions(people):
        with database.transaction() as conn:
            lock(conn, some)
            for root in some:
                assign(conn, root, taker, HANDOVER, by, now)
            feed.publish(conn, card_rows(conn, some, now))
    return len(people)


def grant(conn: Connection, root: str, id_: str, name: tuple[str, str], ends: int, by: str, now: int) -> None:
    """Give a person a title until an instant (0: no end); the tills are told. Raises PosError bad_id, bad_name,
    bad_period, inward_word."""
    chinese, english = (facing(word, most) for word, most in zip(name, (LONGEST_TITLE, 2 * LONGEST_TITLE), strict=True))
    if ends and ends <= now:
        raise PosError("bad_period")
    row = {"ref": root, "id": plain_id(id_), "zh": chinese, "en": english, "granted": now, "ends": ends, "by": by}
    upsert(conn, title, [row])
    feed.publish(conn, card_rows(conn, [root], now))


def take_back(conn: Connection, root: str, id_: str, now: int) -> None:
    """End a title now; the tills are told. Raises PosError not_found."""
    mine = (title.c.ref.in_(same_as(conn, root)), title.c.id == id_, (title.c.ends == 0) | (title.c.ends > now))
    if conn.execute(update(title).where(*mine).values(ends=now).returning(title.c.id)).first() is None:
        raise PosError("not_found", what=id_[:20])
    feed.publish(conn, card_rows(conn, [root], now))


def befriended(
    vault: Vault, chance: Chance, conn: Connection, external_userid: str, unionid: str | None, now: int
) -> None:
    """A customer became a clerk's friend in WeCom, or another clerk's: they are tied to their account, and the clerk
    looks after them."""
    friends.note(vault, chance, conn, external_userid, unionid, now)
    if root := by_friendship(conn, vault, external_userid, now):
        feed.publish(conn, card_rows(conn, [root], now))


def set_tag(
    conn: Connection, root: str, name: str, value: str, *, days: int, by: str, now: int, scene: str = ""
) -> None:
    """tags.set_tag(), and the tills are told."""
    tags.set_tag(conn, root, name, value, days=days, by=by, now=now, scene=scene)
    if scene:
        feed.publish(conn, hint_rows(conn, [root], now))


def retire_script(conn: Connection, scene: str, version: int, now: int) -> None:
    """A text is said no more, and the tills forget the hints that say it. Raises PosError not_found."""
    scripts.retire(conn, scene, version)
    says = (hint.c.scene == scene, hint.c.version == version, hint.c.told == 1)
    whose = roots(conn, conn.scalars(select(hint.c.ref).where(*says)))
    feed.publish(conn, hint_rows(conn, whose, now))

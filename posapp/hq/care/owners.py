"""Which clerk looks after whom, with its history; what that makes of a sale's credit.

Nothing is changed after the fact: a sale's credit follows from who looked after the person, and from the chain's rule,
at the instant it was paid.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select, update

from posapp.clock import rfc3339
from posapp.errors import PosError
from posapp.hq.care.purchases import given_back
from posapp.hq.care.tables import credit_rule, owner
from posapp.hq.database import portions, upsert
from posapp.hq.figures.boards import check_span
from posapp.hq.joining.tables import joined
from posapp.hq.members.identity import CLAIMED, VERIFIED, ids_of, roots_of, same_as
from posapp.hq.members.tables import person, person_key
from posapp.hq.tables import clerk, sale
from posapp.hq.vault import Vault
from posapp.hq.wecom.tables import relation, wecom_clerk
from posapp.money import Money

JOINED, FRIEND, SET, HANDOVER = "joined", "friend", "set", "handover"
OWNER, SELLER, SPLIT = "owner", "seller", "split"
RULES = (OWNER, SELLER, SPLIT)


class Share(NamedTuple):
    """What of a sale is credited to a clerk."""

    clerk: int
    fen: int


def owners(conn: Connection, people: Collection[str]) -> dict[str, Row[Any]]:
    """Who looks after each of some persons (by root) now; of two ids' owners the one named last."""
    ids = ids_of(conn, people)
    found: dict[str, Row[Any]] = {}
    for some in portions(ids):
        asked = select(owner).where(owner.c.ref.in_(some), owner.c.until == 0).order_by(owner.c.since)
        found |= {ids[row.ref]: row for row in conn.execute(asked)}
    return found


def assign(conn: Connection, root: str, number: int, why: str, by: str, at: int) -> bool:
    """Let a clerk look after a person from an instant on; whether that is new. cards.card_rows() tells the tills."""
    refs = same_as(conn, root)
    held = conn.execute(select(owner).where(owner.c.ref.in_(refs)).order_by(owner.c.since)).all()
    if next((row.clerk for row in reversed(held) if not row.until), 0) == number:
        return False
    since = max([at, *(row.since + 1 for row in held)])
    conn.execute(update(owner).where(owner.c.ref.in_(refs), owner.c.until == 0).values(until=since))
    row = {"ref": root, "since": since, "clerk": number, "until": 0, "why": why, "by": by}
    conn.execute(owner.insert(), row)
    return True


def need_clerk(conn: Connection, number: int, *, active: bool = True) -> None:
    """Raises PosError not_found, clerk_off."""
    held = conn.scalar(select(clerk.c.active).where(clerk.c.number == number))
    if held is None:
        raise PosError("not_found", what=number)
    if active and not held:
        raise PosError("clerk_off", clerk=number)


def by_joining(conn: Connection, people: Collection[str]) -> set[str]:
    """Whoever has had nobody yet is looked after by the clerk with whose code they joined; who that was for (root)."""
    known = {row.root for row in _ever(conn, people)}
    ids = ids_of(conn, set(people) - known)
    found = set()
    for some in portions(ids):
        asked = select(joined).join(clerk, clerk.c.number == joined.c.clerk)
        for row in conn.execute(asked.where(joined.c.ref.in_(some), clerk.c.active == 1).order_by(joined.c.at)):
            if ids[row.ref] not in found:
                found.add(ids[row.ref])
                assign(conn, ids[row.ref], row.clerk, JOINED, "", row.at)
    return found


def _ever(conn: Connection, people: Collection[str]) -> Iterable[Row[Any]]:
    ids = ids_of(conn, people)
    for some in portions(ids):
        asked = select(person.c.root).join(owner, owner.c.ref == person.c.ref).where(owner.c.ref.in_(some))
        yield from conn.execute(asked)


def friend_of(conn: Connection, vault: Vault, external_userid: str) -> tuple[str, bool] | None:
    """Who a friend in WeCom is (root), and whether that is certain: nobody has verified it, and one alone claims it."""
    hash_ = vault.index("external_userid", external_userid)
    rows = conn.execute(
        select(person.c.root, person_key.c.strength)
        .join(person, person.c.ref == person_key.c.ref)
        .where(person_key.c.kind == "external_userid", person_key.c.hash == hash_)
    ).all()
    verified = {row.root for row in rows if row.strength == VERIFIED}
    claimed = {row.root for row in rows if row.strength == CLAIMED}
    if verified:
        return verified.pop(), True
    return (claimed.pop(), False) if len(claimed) == 1 else None


def by_friendship(conn: Connection, vault: Vault, external_userid: str, now: int) -> str | None:
    """Who is a clerk's friend in WeCom is looked after by that clerk, and goes with a transfer; who that is (root), if
    it is news. Of several friends the newest counts."""
    found = friend_of(conn, vault, external_userid)
    if found is None:
        return None
    friend = conn.scalar(
        select(wecom_clerk.c.clerk)
        .join(relation, relation.c.userid == wecom_clerk.c.userid)
        .join(clerk, clerk.c.number == wecom_clerk.c.clerk)
        .where(relation.c.external_userid == external_userid, relation.c.state == "added", clerk.c.active == 1)
        .order_by(relation.c.added.desc())
        .limit(1)
    )
    if friend is None:
        return None
    return found[0] if assign(conn, found[0], friend, FRIEND, "", now) else None


def history(conn: Connection, root: str) -> list[dict[str, Any]]:
    """Who looked after a person when, the newest first."""
    asked = select(owner).where(owner.c.ref.in_(same_as(conn, root))).order_by(owner.c.since.desc())
    return [
        {
            "clerk": row.clerk,
            "since": rfc3339(row.since),
            "until": rfc3339(row.until) if row.until else None,
            "why": row.why,
            "by": row.by,
        }
        for row in conn.execute(asked)
    ]


# --- whose a sale is ---


def set_credit(conn: Connection, rule: str, by: str, now: int) -> None:
    """Whose sales are from now on. Raises PosError bad_choice."""
    if rule not in RULES:
        raise PosError("bad_choice", value=rule[:20], values=", ".join(RULES))
    upsert(conn, credit_rule, [{"since": now, "rule": rule, "by": by}])


def credit_of(conn: Connection, sales: Iterable[Any]) -> dict[tuple[str, int], list[Share]]:
    """Whose each of some sales (rows of the table sale) is, without what went back for it, by (jid, seq); the seller's
    is what is odd."""
    rows = list(sales)
    back = given_back(conn, (row.event for row in rows))
    rules = [(row.since, row.rule) for row in conn.execute(select(credit_rule).order_by(credit_rule.c.since))]
    root_of = roots_of(conn, (row.member for row in rows if row.member))
    histories = _histories(conn, set(root_of.values()))
    shares = {}
    for row in rows:
        rule = next((rule for since, rule in reversed(rules) if since <= row.paid), SELLER)
        held = histories.get(root_of.get(row.member, ""), ())
        stood = (one for one in held if one.since <= row.paid and (not one.until or row.paid < one.until))
        whose = next((one.clerk for one in stood), 0)
        left = row.total + row.rounding - back.get(row.event, 0)
        shares[row.jid, row.seq] = _shares(rule, whose, row.clerk, left)
    return shares


def credited(conn: Connection, since: str, until: str, store: int = 0) -> list[dict[str, Any]]:
    """By clerk, of the sales of some days in a store (0: in all): what they rang up, and what is theirs. Raises
    PosError bad_date, bad_period, long_period."""
    check_span(since, until)
    asked = select(sale).where(sale.c.date >= since, sale.c.date <= until)
    rows = conn.execute(asked.where(sale.c.store == store) if store else asked).all()
    shares = credit_of(conn, rows)
    sold, theirs = Counter[int](), Counter[int]()
    for row in rows:
        for share in shares[row.jid, row.seq]:
            sold[row.clerk] += share.fen
            theirs[share.clerk] += share.fen
    names = dict(conn.execute(select(clerk.c.number, clerk.c.name)).all())
    return [
        {"clerk": who, "name": names.get(who, ""), "sold": str(Money(sold[who])), "credit": str(Money(theirs[who]))}
        for who in sorted({*sold, *theirs})
    ]


def _shares(rule: str, whose: int, seller: int, total: int) -> list[Share]:
    if rule == SELLER or not whose or whose == seller:
        return [Share(seller, total)]
    if rule == OWNER:
        return [Share(whose, total)]
    half = total // 2
    return [Share(seller, total - half), Share(whose, half)]


def _histories(conn: Connection, people: Collection[str]) -> dict[str, list[Row[Any]]]:
    """The newest first: of what two ids of one person say the later word stands."""
    ids = ids_of(conn, people)
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for some in portions(ids):
        for row in conn.execute(select(owner).where(owner.c.ref.in_(some)).order_by(owner.c.since.desc())):
            found[ids[row.ref]].append(row)
    return found

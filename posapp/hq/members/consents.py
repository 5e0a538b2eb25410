"""What people agreed to, act by act: the newest act of a purpose counts, and of two at one instant the withdrawal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, select

from posapp.hq import feed
from posapp.hq.database import insert_new
from posapp.hq.members.tables import consent, person
from posapp.messages import Consent
from posapp.streams import ConsentTextRow

TERMS, MARKETING, PERSONAL = "terms", "marketing", "personal"
FIRM, PENDING = "firm", "pending"

TEXTS: dict[str, ConsentTextRow] = {
    TERMS: ConsentTextRow(
        "2026-11",
        ("会员服务与隐私政策", "Membership and privacy"),
        (
            "我同意成为会员。门店只收集手机号和我自愿填写的称呼、生日月日,用于识别会员、记积分和兑现权益;"
            "随时可以查询、更正、撤回和注销。",
            "I want to become a member. The shop keeps my phone number, and a name and birthday if I give them, to "
            "know me, keep my points and honour benefits. I can see, correct, withdraw and delete them at any time.",
        ),
        needed=1,
        place=1,
    ),
    MARKETING: ConsentTextRow(
        "2026-11",
        ("优惠信息", "Offers"),
        ("我愿意收到短信优惠信息,可随时回复 R 退订。", "Send me offers by text message; replying R ends them."),
        place=2,
    ),
    PERSONAL: ConsentTextRow(
        "2026-11",
        ("个性化推荐", "Suggestions"),
        ("可以按我的购买记录推荐商品。", "Suggest goods by what I have bought."),
        place=3,
    ),
}
"""What is asked, by purpose. A changed text is a new version; what was agreed to keeps its own."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What counts of a purpose now."""

    given: bool
    at: int
    state: str
    version: str


def text_hash(row: ConsentTextRow) -> str:
    """SHA-256 of both texts as they were shown, in hexadecimal."""
    return sha256("\n".join((row.version, *row.title, *row.text)).encode()).hexdigest()


def text_rows() -> dict[tuple[str, str], ConsentTextRow]:
    """What the tills are told to ask."""
    return {(feed.CHAIN, purpose): row for purpose, row in TEXTS.items()}


def note(
    conn: Connection, ref: str, acts: Iterable[Consent], at: int, source: str, channel: str, state: str = FIRM
) -> None:
    """Add acts, each once for its source."""
    for act in acts:
        row = {
            "ref": ref,
            "purpose": act.purpose[:40],
            "at": at,
            "source": source,
            "given": 1 if act.given else 0,
            "version": act.version[:40],
            "hash": act.hash[:64],
            "channel": channel,
            "state": state if act.given and act.purpose == MARKETING else FIRM,
        }
        insert_new(conn, consent, row)


def standing(conn: Connection, root: str) -> dict[str, Standing]:
    """What counts now of a person, by purpose."""
    return standings(conn, [root]).get(root, {})


def standings(conn: Connection, roots: Sequence[str]) -> dict[str, dict[str, Standing]]:
    """What counts now of some persons (by root)."""
    rows = conn.execute(
        select(person.c.root, consent.c.purpose, consent.c.given, consent.c.at, consent.c.state, consent.c.version)
        .join(person, person.c.ref == consent.c.ref)
        .where(person.c.root.in_(roots))
        .order_by(consent.c.at, consent.c.given.desc())
    )
    held: dict[str, dict[str, Standing]] = {}
    for row in rows:  # the last one stays: the newest, and of equals the withdrawal
        held.setdefault(row.root, {})[row.purpose] = Standing(bool(row.given), row.at, row.state, row.version)
    return held


def confirm(conn: Connection, refs: Sequence[str]) -> None:
    """The phone behind consents that were given offline is confirmed: they are firm."""
    conn.execute(consent.update().where(consent.c.ref.in_(refs), consent.c.state == PENDING).values(state=FIRM))


def may_market(conn: Connection, root: str) -> bool:
    """Whether offers may be sent: consent given, and firm."""
    held = standing(conn, root).get(MARKETING)
    return held is not None and held.given and held.state == FIRM

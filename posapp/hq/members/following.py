"""What the journals mean for members: follows the projected entries in the order HQ received them, each once.

A till's sale earns and spends points, its benefits are used up, what goes back is taken back; joins, consents, likes
and wishes from the counter are taken in. Nothing here refuses: what cannot be, is booked and noted in `followed`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select, update

from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.database import insert_new
from posapp.hq.joining import codes, referrals
from posapp.hq.joining.join import activate, credit, give
from posapp.hq.joining.offers import offer_rows
from posapp.hq.joining.tables import campaign, claim, pack, pack_bought
from posapp.hq.members import consents, earning, points, privacy, wishes
from posapp.hq.members.confirm import confirmed
from posapp.hq.members.identity import (
    CLAIMED,
    ERASED,
    VERIFIED,
    Means,
    known_by,
    new_person,
    root_of,
    set_phone,
)
from posapp.hq.members.slice import Published, rows_of, seen_at
from posapp.hq.members.tables import attribute, benefit, followed, person, sealed_box
from posapp.hq.members.tiers import rise
from posapp.hq.tables import event, event_identity, refund, sale, sale_line
from posapp.hq.tables import feed as told_rows
from posapp.ids import b64u, unb64u
from posapp.keys import HqKeys, unseal
from posapp.messages import (
    AttributeNoted,
    ConsentChanged,
    MemberJoined,
    MemberRecognised,
    Message,
    MessageRequested,
    PrivacyRequested,
    read_body,
)
from posapp.rules.join_token import read
from posapp.rules.phones import read_phone

_TYPES = (
    "member.joined",
    "member.recognised",
    "consent.changed",
    "privacy.requested",
    "attribute.noted",
    "message.requested",
)

Send = Callable[[Connection, Means, str, MessageRequested], None]
"""Queues the text message that a customer asked for at the counter: phone in E.164."""


def no_messages(conn: Connection, means: Means, phone: str, wanted: MessageRequested) -> None:
    """Where no gateway is set up: the wish stands in the journal, nothing leaves."""


def waiting_claims(conn: Connection) -> list[Row[Any]]:
    """Tickets that somebody claimed and whose sale was not here."""
    rows = conn.execute(select(claim).where(claim.c.state == "waiting").limit(1_000)).all()
    return list(rows)


def waiting_boxes(conn: Connection) -> list[Row[Any]]:
    """Entries whose sealed box has come, and is not opened yet."""
    return list(
        conn.execute(
            select(event, sealed_box.c.box)
            .join(sealed_box, (sealed_box.c.event == event.c.event) & (sealed_box.c.store == event.c.store))
            .where(event.c.type.in_(("member.joined", "message.requested")), sealed_box.c.box != "")
            .limit(1_000)
        )
    )


def ended_offers(conn: Connection, now: int) -> bool:
    """Whether tills are still told of a campaign that is over."""
    over = campaign.c.ends.between(1, now) | (campaign.c.left == 0)
    told = select(told_rows.c.key).where(told_rows.c.stream == "offers", told_rows.c.data != feed.GONE)
    return conn.scalar(select(campaign.c.id).where(over, campaign.c.id.in_(told)).limit(1)) is not None


class Following:
    """One transaction's work; who was touched is told to the tills at its end."""

    def __init__(self, conn: Connection, keys: HqKeys, means: Means, send: Send) -> None:
        self._conn = conn
        self._keys = keys
        self._means = means
        self._send = send
        self._touched: set[str] = set()

    def published(self) -> Published:
        rise(self._conn, self._touched, self._means.now)
        rows = rows_of(self._conn, self._touched, self._means.now) if self._touched else {}
        now = self._means.now
        return {**rows, "offers": offer_rows(self._conn, now)} if ended_offers(self._conn, now) else rows

    def batch(self, came: Row[Any]) -> None:
        """The entries of one batch: sales with a member or a claimed code, refunds, and what concerns members."""
        span = {"jid": came.jid, "first": came.first_seq, "last": came.last_seq}
        conn = self._conn
        for sold in conn.execute(_within(sale, span).where(sale.c.member != "")).all():
            self._sale(sold)
        for back in conn.execute(_within(refund, span)).all():
            self._refund(back)
        for row in conn.execute(_within(event, span).where(event.c.type.in_(_TYPES))).all():
            self._event(row)

    # --- sales ---

    def _sale(self, sold: Row[Any]) -> None:
        """Booked on the id that the till named: a merge that is taken back parts what each side earned and spent."""
        conn, ref = self._conn, sold.member
        root = self._person(ref, sold.store)
        self._touched.add(root)
        points.release(conn, sold.ticket)
        if conn.scalar(select(person.c.status).where(person.c.ref == root)) == ERASED:
            return  # sold before its till heard of it: what there was is gone
        promised = json.loads(sold.points) if sold.points else {}
        got = earning.earned(conn, root, sold)
        earned_points = int(promised.get("earned", got.points))
        detail = sold.receipt if earned_points == got.points else f"{sold.receipt} HQ {got.points}"
        if points.book(conn, ref, "earn", sold.event, earned_points, sold.paid, sold.store, detail):
            conn.execute(
                update(person).where(person.c.ref == ref).values(orders=person.c.orders + 1, visited=sold.paid)
            )
        if spent := int(promised.get("spent", 0)):
            points.book(conn, ref, "spend", sold.event, -spent, sold.paid, sold.store, sold.receipt)
        seen_at(conn, root, sold.store, sold.paid)
        self._use_benefits(ref, sold)
        self._packs(ref, sold)
        referrals.first_order(conn, root_of(conn, ref), sold)
        self._own_ticket(ref, sold)

    def _own_ticket(self, ref: str, sold: Row[Any]) -> None:
        """Whoever scans the code of a member's ticket later finds it taken."""
        if not sold.join:
            return
        try:
            code = codes.read_code(self._conn, self._keys, sold.join, sold.paid)
        except PosError:
            return
        row = {
            "stem": code.token.stem,
            "token": sold.join,
            "ref": ref,
            "at": sold.paid,
            "is_new": 0,
            "state": "done",
            "sale": sold.event,
        }
        if not insert_new(self._conn, claim, row):
            self._claimed(code.token.stem, sold)

    def _claimed(self, stem: str, sold: Row[Any]) -> None:
        held = self._conn.execute(select(claim).where(claim.c.stem == stem)).one()
        if held.state == "waiting":
            credit(self._conn, root_of(self._conn, held.ref), stem, sold, self._means.now)
            self._touched.add(held.ref)

    def _use_benefits(self, ref: str, sold: Row[Any]) -> None:
        lines = self._conn.scalars(
            select(sale_line.c.why).where(
                sale_line.c.jid == sold.jid, sale_line.c.seq == sold.seq, sale_line.c.why != ""
            )
        )
        used = {reason.get("id", "") for why in lines for reason in json.loads(why) if reason.get("id")}
        for id_ in sorted(used):
            row = self._conn.execute(select(benefit).where(benefit.c.id == id_)).one_or_none()
            if row is None:
                continue
            if row.state == "open":
                self._conn.execute(update(benefit).where(benefit.c.id == id_).values(state="used", used_by=sold.event))
            elif row.used_by != sold.event:
                self._note(f"{sold.event} {id_}"[:200], "benefit_twice", sold.receipt)

    def _packs(self, ref: str, sold: Row[Any]) -> None:
        conn = self._conn
        lines = conn.scalars(
            select(sale_line.c.why).where(
                sale_line.c.jid == sold.jid, sale_line.c.seq == sold.seq, sale_line.c.why != ""
            )
        )
        packs = {reason["id"] for why in lines for reason in json.loads(why) if reason.get("kind") == "pack"}
        for article in sorted(packs):
            bought = {
                "ref": ref,
                "article": article,
                "sale": sold.event,
                "at": sold.paid,
                "state": "bought",
            }
            if insert_new(conn, pack_bought, bought):
                extra = conn.scalar(select(pack.c.points).where(pack.c.article == article)) or 0
                if extra:
                    points.book(conn, ref, "pack", f"{sold.event} {article}", extra, sold.paid, sold.store)
            root = root_of(conn, ref)
            times = conn.scalars(
                select(pack_bought.c.sale)
                .join(person, person.c.ref == pack_bought.c.ref)
                .where(person.c.root == root, pack_bought.c.article == article, pack_bought.c.state == "bought")
            ).all()
            if len(times) > 1:
                self._note(f"{sold.event} {article}"[:200], "pack_twice", sold.receipt)

    # --- money that goes back ---

    def _refund(self, back: Row[Any]) -> None:
        """Points that were earned go back in proportion, spent ones come back with the whole."""
        conn = self._conn
        sold = _sold(conn, back)
        if sold is None:
            return
        whose = conn.scalar(select(claim.c.ref).where(claim.c.sale == back.sale, claim.c.state == "done"))
        ref = sold.member or whose
        if not ref:
            return
        self._touched.add(self._person(ref, back.store))
        earned = points.of_source(conn, sold.event, ("earn", "claim"))
        ref = earned[0].ref if earned else ref
        earned_points = sum(row.points for row in earned)
        kept = max(0, sold.total - _back_so_far(conn, sold.event))
        left = earned_points * kept // sold.total if sold.total else 0
        if lost := earned_points - left - points.taken_back(conn, sold.event):
            points.book(
                conn, ref, "claw_back", f"{sold.event} {back.event}", -lost, back.done, back.store, back.receipt
            )
        if kept == 0:
            self._all_back(ref, sold, back)

    def _all_back(self, ref: str, sold: Row[Any], back: Row[Any]) -> None:
        conn = self._conn
        spent = sum(-row.points for row in points.of_source(conn, sold.event, ("spend",)))
        if spent:
            points.book(conn, ref, "give_back", sold.event, spent, back.done, back.store, back.receipt)
        conn.execute(
            update(benefit)
            .where(benefit.c.used_by == sold.event, benefit.c.kind == "amount")
            .values(state="open", used_by="")
        )
        for row in conn.execute(select(pack_bought).where(pack_bought.c.sale == sold.event)).all():
            conn.execute(update(pack_bought).where(pack_bought.c.sale == sold.event).values(state="returned"))
            extra = sum(one.points for one in points.of_source(conn, f"{sold.event} {row.article}", ("pack",)))
            if extra:
                points.book(conn, ref, "claw_back", f"{sold.event} {row.article}", -extra, back.done, back.store)
        referrals.given_back(conn, sold.event)

    # --- what waited for its day, its sale or its entry ---

    def referrals(self) -> None:
        self._touched |= referrals.pay(self._conn, self._means.now)

    def claims(self) -> None:
        for row in waiting_claims(self._conn):
            code = codes.Code(row.token, read(row.token)[0])
            sold = earning.sale_of(self._conn, codes.on_display(code, self._keys))
            if sold is not None:
                credit(self._conn, root_of(self._conn, row.ref), row.stem, sold, self._means.now)
                self._touched.add(row.ref)

    def boxes(self) -> None:
        for row in waiting_boxes(self._conn):
            self._open_box(row, row.box)

    def _open_box(self, row: Row[Any], box: str) -> None:
        body = read_body(row.type, row.version, row.body.encode())
        assert isinstance(body, MemberJoined | MessageRequested)
        self._conn.execute(update(sealed_box).where(sealed_box.c.event == row.event).values(box=""))
        try:
            if b64u(_digest(body.salt, box)) != body.box:
                raise PosError("bad_box")
            phone = read_phone(unseal(box, self._keys.box_key, "person").decode())
        except (PosError, ValueError):
            self._note(row.event, "bad_box", row.type)
            return
        if isinstance(body, MemberJoined):
            self._joined(row, body, phone)
        else:
            self._send(self._conn, self._means, phone, body)

    def _joined(self, row: Row[Any], body: MemberJoined, phone: str) -> None:
        """A customer joined at the counter. A phone that nobody confirmed is claimed: it opens nobody's account."""
        conn, means = self._conn, self._means
        ref = self._person(body.member, row.store)
        is_verified = bool(body.verified) and self._was_confirmed(body.member, phone)
        strength = VERIFIED if is_verified else CLAIMED
        root = set_phone(conn, means, ref, phone, strength, f"till {row.event}")
        state = consents.FIRM if is_verified else consents.PENDING
        consents.note(conn, ref, body.consents, row.effective, row.event, "till", state)
        hash_ = means.vault.index("phone", phone)
        code = self._code(body.token, row.effective)
        if not is_verified:
            wishes.ask_to_confirm(conn, means, phone, ref, row.store)
        was_known = known_by(conn, "phone", hash_) not in (None, root)
        if not was_known and activate(conn, means, ref, hash_, code, row.effective):
            give(conn, means, ref, hash_, code)
        seen_at(conn, ref, row.store, row.effective)
        self._touched.update({ref, root})

    def _was_confirmed(self, member: str, phone: str) -> bool:
        """Whether HQ's own code came back for this phone: a till's word alone opens nobody's account."""
        index = self._conn.scalar(select(followed.c.detail).where(followed.c.event == confirmed(member)))
        return index == self._means.vault.index("phone", phone)

    def _code(self, text: str, at: int) -> codes.Code | None:
        try:
            return codes.read_code(self._conn, self._keys, text, at) if text else None
        except PosError:
            return None

    # --- the rest of what the counter says ---

    def _event(self, row: Row[Any]) -> None:
        try:
            body = read_body(row.type, row.version, row.body.encode())
        except (KeyError, msgspec.DecodeError):
            return
        self._take(row, body)

    def _take(self, row: Row[Any], body: Message) -> None:
        conn = self._conn
        match body:
            case MemberJoined():
                self._person(body.member, row.store)
                self._box_of(row)
            case MessageRequested():
                self._box_of(row)
            case MemberRecognised():
                ref = self._person(body.member, row.store)
                seen_at(conn, ref, row.store, row.effective)
                self._touched.add(ref)
            case ConsentChanged():
                ref = self._person(body.member, row.store)
                consents.note(conn, ref, body.consents, row.effective, row.event, "till", consents.PENDING)
                self._touched.add(ref)
            case AttributeNoted():
                ref = self._person(body.member, row.store)
                noted = {
                    "ref": ref,
                    "name": body.name[:40],
                    "at": row.effective,
                    "source": row.event,
                    "value": body.value[:60],
                    "by": str(row.clerk),
                }
                if conn.scalar(select(person.c.status).where(person.c.ref == ref)) != ERASED:
                    insert_new(conn, attribute, noted)
                self._touched.add(ref)
            case PrivacyRequested():
                self._privacy(row, body)

    def _box_of(self, row: Row[Any]) -> None:
        box = self._conn.scalar(
            select(sealed_box.c.box).where(sealed_box.c.event == row.event, sealed_box.c.store == row.store)
        )
        if box:
            self._open_box(row, box)

    def _privacy(self, row: Row[Any], body: PrivacyRequested) -> None:
        if not insert_new(self._conn, followed, {"event": row.event, "what": "privacy", "at": row.effective}):
            return
        ref = self._person(body.member, row.store)
        if body.kind in privacy.KINDS:
            privacy.request(self._conn, self._means, ref, body.kind, row.event, row.effective)
            self._touched.add(ref)

    def _person(self, ref: str, store: int) -> str:
        """The root of an id that a till named; one it made itself and HQ has not heard of yet becomes a person."""
        found = self._conn.scalar(select(person.c.root).where(person.c.ref == ref))
        if found is not None:
            return str(found)
        return new_person(self._conn, self._means, ref=ref, home=store, source="till")

    def _note(self, event_: str, what: str, detail: str) -> None:
        insert_new(self._conn, followed, {"event": event_, "what": what, "at": self._means.now, "detail": detail})


def _within(table: Any, span: dict[str, Any]) -> Any:
    columns = table.c
    return (
        select(table)
        .where(columns.jid == span["jid"], columns.seq >= span["first"], columns.seq <= span["last"])
        .order_by(columns.seq)
    )


def _back_so_far(conn: Connection, sold: str) -> int:
    return sum(conn.scalars(select(refund.c.total).where(refund.c.sale == sold)))


def _sold(conn: Connection, back: Row[Any]) -> Row[Any] | None:
    """The sale that money went back for."""
    where = conn.execute(
        select(event_identity.c.jid, event_identity.c.seq).where(
            event_identity.c.store == back.store,
            event_identity.c.till == back.till,
            event_identity.c.event == back.sale,
        )
    ).one_or_none()
    if where is None:
        return None
    return conn.execute(select(sale).where(sale.c.jid == where.jid, sale.c.seq == where.seq)).one_or_none()


def _digest(salt: str, box: str) -> bytes:
    return sha256(unb64u(salt) + unb64u(box)).digest()

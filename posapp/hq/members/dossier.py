"""Everything held of one person, as a file they can read: a ZIP with JSON for programs and a page for people."""

from __future__ import annotations

import html
import io
import json
import zipfile
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, select

from posapp.clock import rfc3339
from posapp.hq.care.tables import hint, owner, tag, timeline, title
from posapp.hq.flows.tables import flow_contact
from posapp.hq.joining.tables import claim, given, joined, pack_bought, referral
from posapp.hq.members.identity import root_of, same_as
from posapp.hq.members.privacy import Recipient
from posapp.hq.members.tables import (
    attribute,
    benefit,
    consent,
    looked,
    person,
    person_key,
    person_store,
    points_entry,
    privacy_request,
)
from posapp.hq.tables import refund, sale, sale_line
from posapp.hq.tasks.tables import lead
from posapp.hq.vault import Vault
from posapp.money import Money

TITLES = {
    "profile": ("基本资料", "Profile"),
    "keys": ("识别依据", "What you are known by"),
    "consents": ("同意记录", "Consents"),
    "points": ("积分流水", "Points"),
    "purchases": ("消费记录", "Purchases"),
    "refunds": ("退款记录", "Refunds"),
    "benefits": ("权益", "Benefits"),
    "gifts": ("入会礼记录", "Gifts for joining"),
    "attributes": ("偏好", "What you like"),
    "stores": ("到过的门店", "Stores that know you"),
    "joins": ("入会记录", "Joining"),
    "tickets": ("认领的小票", "Tickets you claimed"),
    "packs": ("入会包", "Join packs"),
    "referrals": ("邀请记录", "Invitations"),
    "contacts": ("自动触达", "What reached you by itself"),
    "leads": ("门店待办", "What shops had to do for you"),
    "requests": ("隐私请求", "Privacy requests"),
    "events": ("浏览、咨询和线上订单", "What you did online"),
    "tags": ("标签", "Tags"),
    "hints": ("给店员的提示", "Hints that clerks were given"),
    "titles": ("头衔", "Titles"),
    "owners": ("专属导购", "Who looks after you"),
    "looked": ("谁查看过", "Who looked"),
    "recipients": ("提供给谁", "Who received data"),
}
_INSTANTS = frozenset(
    "at made ends added created joined visited paid done due seen birthday_set granted since until".split()
)


def collect(conn: Connection, vault: Vault, ref: str, recipients: Sequence[Recipient] = ()) -> dict[str, Any]:
    """What is held of a person, by the names of TITLES."""
    root = root_of(conn, ref)
    refs = same_as(conn, root)
    claimed = [row.sale for row in conn.execute(select(claim).where(claim.c.ref.in_(refs))) if row.sale]
    sales = conn.execute(
        select(sale).where(sale.c.member.in_(refs) | sale.c.event.in_(claimed)).order_by(sale.c.paid)
    ).all()
    events = [row.event for row in sales]
    invited = referral.c.ref.in_(refs) | referral.c.friend.in_(refs)
    return {
        "profile": [_profile(row, vault) for row in conn.execute(select(person).where(person.c.ref.in_(refs)))],
        "keys": _rows(conn, person_key, refs, "kind strength source added"),
        "consents": _rows(conn, consent, refs, "purpose given at version channel state"),
        "points": _rows(conn, points_entry, refs, "at kind points store detail"),
        "purchases": [_purchase(conn, row) for row in sales],
        "refunds": [
            {"receipt": row.receipt, "of": row.sale_receipt, "total": str(Money(row.total)), "at": rfc3339(row.done)}
            for row in conn.execute(select(refund).where(refund.c.sale.in_(events)))
        ],
        "benefits": _rows(conn, benefit, refs, "name kind fen article ends made state"),
        "gifts": _rows(conn, given, refs, "campaign at"),
        "attributes": _rows(conn, attribute, refs, "name value at"),
        "stores": _rows(conn, person_store, refs, "store seen"),
        "joins": _rows(conn, joined, refs, "at store till clerk channel"),
        "tickets": _rows(conn, claim, refs, "at state points"),
        "packs": _rows(conn, pack_bought, refs, "article at state"),
        "referrals": [
            {"at": rfc3339(row.at), "state": row.state} for row in conn.execute(select(referral).where(invited))
        ],
        "contacts": _rows(conn, flow_contact, refs, "flow at action segment away outcome"),
        "leads": _rows(conn, lead, refs, "title store made due state"),
        "requests": _rows(conn, privacy_request, refs, "number kind state made due done"),
        "events": _rows(conn, timeline, refs, "at kind source article text fen"),
        "tags": _rows(conn, tag, refs, "name value made ends"),
        "hints": _rows(conn, hint, refs, "made scene prompt ends outcome"),
        "titles": _rows(conn, title, refs, "zh en granted ends"),
        "owners": _rows(conn, owner, refs, "clerk since until why"),
        "looked": _rows(conn, looked, refs, "at what reason"),
        "recipients": [{"name": one.name, "held": one.held(conn, refs)} for one in recipients],
    }


def _profile(row: Any, vault: Vault) -> dict[str, Any]:
    opened = {name: vault.open(getattr(row, name)) if getattr(row, name) else "" for name in ("name", "phone", "code")}
    plain = "ref status birthday tier balance language home orders created joined visited source".split()
    return {**opened, **_told(row, plain)}


def _rows(conn: Connection, table: Table, refs: Sequence[str], names: str) -> list[dict[str, Any]]:
    wanted = names.split()
    rows = conn.execute(select(table).where(table.c.ref.in_(refs)).order_by(*table.primary_key.columns))
    return [_told(row, wanted) for row in rows]


def _told(row: Any, names: Sequence[str]) -> dict[str, Any]:
    values = row._mapping
    return {
        name: (rfc3339(values[name]) if values[name] else None) if name in _INSTANTS else values[name] for name in names
    }


def _purchase(conn: Connection, row: Any) -> dict[str, Any]:
    lines = conn.execute(
        select(sale_line).where(sale_line.c.jid == row.jid, sale_line.c.seq == row.seq).order_by(sale_line.c.pos)
    )
    return {
        "receipt": row.receipt,
        "store": row.store,
        "at": rfc3339(row.paid),
        "total": str(Money(row.total)),
        "lines": [{"name": one.name, "quantity": one.qty / 1000, "amount": str(Money(one.amount))} for one in lines],
    }


def export(conn: Connection, vault: Vault, ref: str, recipients: Sequence[Recipient] = ()) -> bytes:
    """The ZIP. Raises PosError not_found."""
    held = collect(conn, vault, ref, recipients)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", json.dumps(held, ensure_ascii=False, indent=2))
        archive.writestr("index.html", page(held))
    return out.getvalue()


def page(held: dict[str, Any]) -> str:
    """The same to be read by people, Chinese first."""
    parts = []
    for name, rows in held.items():
        chinese, english = TITLES[name]
        parts.append(f"<h2>{chinese} <small>{english}</small></h2>")
        parts.append("".join(map(_entry, rows)) or "<p>无 none</p>")
    style = "body{font-family:sans-serif;max-width:50em;margin:2em auto}dt{float:left;width:9em}"
    head = f'<meta charset="utf-8"><title>我的资料 My data</title><style>{style}</style>'
    return f'<!doctype html><html lang="zh"><head>{head}</head><body><h1>我的资料</h1>{"".join(parts)}</body></html>'


def _entry(row: dict[str, Any]) -> str:
    told = "".join(
        f"<dt>{html.escape(name)}</dt><dd>{html.escape(_plain(value))}</dd>"
        for name, value in row.items()
        if value not in ("", None, [])
    )
    return f"<dl>{told}</dl>"


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(
            " ".join(str(part) for part in one.values()) if isinstance(one, dict) else str(one) for one in value
        )
    return str(value)

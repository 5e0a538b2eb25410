"""The boards' figures as `posapp hq report` gives them: one dictionary for programs, aligned columns for people.

Every figure comes as its two numbers and as text; "—" is what nothing was counted for. Money is a string with two
decimals, instants are RFC 3339.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Connection, select

from posapp.clock import local, rfc3339
from posapp.hq.aligned import aligned
from posapp.hq.figures import boards
from posapp.hq.figures.boards import Part, Store
from posapp.hq.tables import clerk
from posapp.hq.tables import store as store_table
from posapp.money import Money
from posapp.rules.dictionary import METRICS, UNKNOWN, VERSION, Value, text_of, value_of
from posapp.rules.metrics import COMPLETE, FINAL, PROVISIONAL, UPDATED, Figures

RATES = ("join_rate", "conversion", "joins", "walk_ins", "first_order_rate", "wecom_rate", "second_purchase_rate")
SALES = (
    "net_sales",
    "tickets",
    "average_ticket",
    "pieces_per_ticket",
    "recognition_rate",
    "member_sales_share",
    "refund_rate",
)
STATES = {
    PROVISIONAL: ("暂计", "provisional"),
    COMPLETE: ("已收齐", "complete"),
    UPDATED: ("已更新", "updated"),
    FINAL: ("已定", "final"),
}
STEPS = {
    "shown": ("展示", "shown"),
    "opened": ("扫码", "scanned"),
    "authorised": ("授权", "authorised"),
    "enrolled": ("入会", "joined"),
    "first": ("首单", "first order"),
    "again": ("复购", "second purchase"),
}

Told = dict[str, Any]


def figure(name: str, figures: Figures) -> Told:
    """A metric of some figures: its two numbers, and the text to show."""
    value = value_of(name, figures)
    return {"value": _shown(name, value), "top": value.top, "bottom": value.bottom}


def _shown(name: str, value: Value) -> str:
    """Money in fen is shown in yuan."""
    return text_of(METRICS[name].kind, value)


def span(conn: Connection, name: str, now: int, since: str, until: str, store: int) -> Told:
    """The head that all reports share: what it is of, when it was made, by which formulas, how its days stand."""
    boards.check_span(since, until)
    return {
        "report": name,
        "store": store or None,
        "from": since,
        "to": until,
        "made": rfc3339(now),
        "version": VERSION,
        "states": boards.state_of(conn, since, until, store=store),
    }


def table(conn: Connection, names: tuple[str, ...], since: str, until: str, store: int, cut: str) -> Told:
    """Some metrics of a span, whole and apart."""
    whole = boards.sums(conn, since, until, store=store)
    parts = boards.by(conn, cut, since, until, store=store)
    called = _names(conn, cut)
    return {
        "by": cut,
        "all": {name: figure(name, whole) for name in names},
        "rows": [_row(part, names, called.get(part.key, "")) for part in parts],
    }


def _row(part: Part, names: tuple[str, ...], called: str) -> Told:
    row = {"key": part.key, "name": called, "ranked": part.is_ranked}
    return {**row, **{name: figure(name, part.figures) for name in names}}


def _names(conn: Connection, cut: str) -> dict[str, str]:
    held = {"store": store_table, "clerk": clerk}.get(cut)
    if held is None:
        return {}
    return {str(row.number): row.name for row in conn.execute(select(held.c.number, held.c.name))}


def join_rate(conn: Connection, now: int, since: str, until: str, store: int = 0, cut: str = "store") -> Told:
    """入会率 and what belongs to it, against the target; by store the target of each."""
    told = {**span(conn, "join-rate", now, since, until, store), **table(conn, RATES, since, until, store, cut)}
    told["target"] = boards.targets(conn, [store])[store]
    if cut == "store":
        aims = boards.targets(conn, [int(row["key"]) for row in told["rows"]])
        for row in told["rows"]:
            row["target"] = aims[int(row["key"])]
    return told


def funnel(conn: Connection, now: int, since: str, until: str, store: int = 0) -> Told:
    steps = boards.funnel(boards.sums(conn, since, until, store=store))
    told = span(conn, "funnel", now, since, until, store)
    told["steps"] = [
        {"step": one.name, "count": one.number, "rate": text_of("rate", one.rate), "of": one.rate.bottom}
        for one in steps
    ]
    return told


def sales(conn: Connection, now: int, since: str, until: str, store: int = 0, cut: str = "date") -> Told:
    told = {**span(conn, "sales", now, since, until, store), **table(conn, SALES, since, until, store, cut)}
    for row in (told["all"], *told["rows"]):
        for name in ("net_sales", "average_ticket"):
            row[name]["value"] = _yuan(Value(row[name]["top"], row[name]["bottom"]))
    return told


def _yuan(value: Value) -> str:
    """Fen as yuan, rounded half up."""
    if not value.is_known:
        return text_of("money", value)
    cents = (abs(value.top) * 2 + value.bottom) // (2 * value.bottom)
    return str(Money(cents if value.top >= 0 else -cents))


def stores(conn: Connection, now: int) -> Told:
    """Every store with its data's age; one that is silent keeps what it said last."""
    some = boards.stores(conn, now)
    fresh = boards.freshness(some)
    return {
        "report": "stores",
        "made": rfc3339(now),
        "version": VERSION,
        "freshness": {"value": text_of("rate", fresh), "top": fresh.top, "bottom": fresh.bottom},
        "stores": [_store(one) for one in some],
    }


def _store(one: Store) -> Told:
    """Figures of a day of which nothing has come are of nothing; so many tickets are null."""
    day = one.day if one.is_known else Figures()
    net = value_of("net_sales", day) if one.is_known else boards.NONE
    return {
        "store": one.number,
        "name": one.name,
        "date": one.date,
        "state": one.state,
        "tills": one.tills,
        "not_called_in": one.unheard,
        "fresh": one.is_fresh,
        "complete_to": rfc3339(one.since) if one.since else None,
        "last_contact": rfc3339(one.heard) if one.heard else None,
        "unsent": one.unsent,
        "target": one.target,
        "join_rate": figure("join_rate", day),
        "net_sales": {"value": _yuan(net) if one.is_known else None, "top": net.top, "bottom": net.bottom},
        "tickets": day.tickets if one.is_known else None,
        "member_sales_share": figure("member_sales_share", day),
    }


def opened(opening: boards.Opening) -> Told:
    items = [
        {
            "kind": one.kind,
            "at": rfc3339(one.at),
            "till": one.till,
            "clerk": one.clerk,
            "receipt": one.receipt,
            "amount": str(Money(one.fen)),
            "channel": one.channel,
            "member": one.member,
        }
        for one in opening.items
    ]
    return {"report": "figure", "total": opening.total, "items": items}


# --- to be read ---


def text(told: Told, language: str, zone: str) -> str:
    """A report in aligned columns."""
    english = language == "en"
    if told["report"] == "stores":
        return _stores_text(told, english, zone)
    if told["report"] == "figure":
        return _items_text(told, english, zone)
    head = f"{told['from']} – {told['to']}" if told["from"] != told["to"] else told["from"]
    states = ", ".join(f"{STATES[state][english]} {count}" for state, count in sorted(told["states"].items()))
    place = f"  {'store' if english else '门店'} {told['store']}" if told["store"] else ""
    lines = [f"{head}{place}  {states}".rstrip()]
    if told["report"] == "funnel":
        rows = [[STEPS[one["step"]][english], str(one["count"]), one["rate"]] for one in told["steps"]]
        return "\n".join([*lines, *aligned(rows)])
    names = RATES if told["report"] == "join-rate" else SALES
    title = ["", *(METRICS[name].name[english] for name in names)]
    every = ["all" if english else "合计", *(told["all"][name]["value"] for name in names)]
    rows = [[f"{row['key']} {row['name']}".strip(), *(row[name]["value"] for name in names)] for row in told["rows"]]
    return "\n".join([*lines, *aligned([title, every, *rows])])


def _stores_text(told: Told, english: bool, zone: str) -> str:
    title = ("门店", "数据截至", "未上传", "状态", "入会率", "净销售额", "成交单数")
    if english:
        title = ("store", "data up to", "unsent", "state", "join rate", "net sales", "tickets")
    rows = [list(title)]
    for one in told["stores"]:
        rate = f"{one['join_rate']['value']} ({one['join_rate']['top']}/{one['join_rate']['bottom']})"
        age = _clock(one["complete_to"], zone)
        late = "" if one["fresh"] else (" (stale)" if english else " (过期)")
        rows.append(
            [
                f"{one['store']} {one['name']}",
                age + late,
                str(one["unsent"]),
                STATES[one["state"]][english],
                rate,
                one["net_sales"]["value"] or UNKNOWN,
                UNKNOWN if one["tickets"] is None else str(one["tickets"]),
            ]
        )
    return "\n".join(aligned(rows))


def _items_text(told: Told, english: bool, zone: str) -> str:
    rows = [
        [
            _clock(one["at"], zone),
            f"T{one['till']}",
            str(one["clerk"]),
            *(one[name] for name in ("receipt", "amount", "channel", "member")),
        ]
        for one in told["items"]
    ]
    more = told["total"] - len(rows)
    last = [f"+ {more}"] if more else []
    return "\n".join([*aligned(rows), *last]) or ("nothing" if english else "没有")


def _clock(instant: str | None, zone: str) -> str:
    if instant is None:
        return UNKNOWN
    return f"{local(int(dt.datetime.fromisoformat(instant).timestamp() * 1000), zone):%m-%d %H:%M}"

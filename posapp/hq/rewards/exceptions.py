"""What stands out at a till, by cashier (reliability.md 7.15): a lead for somebody to look at, no accusation.

Each signal is a count over what it could have been; a day is held against the store's cashiers and against the same
cashier's last eight weeks. The thresholds stand here and in every report, to be seen by whoever is measured.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from posapp.clock import MINUTE
from posapp.dates import read_date
from posapp.hq.people import clerk_names
from posapp.hq.rewards.days import days_before
from posapp.hq.tables import event, refund, sale, sale_line, shift
from posapp.messages import CartCancelled, MemberRecognised, Message, read_body
from posapp.money import LARGEST
from posapp.rules.dictionary import Value, text_of
from posapp.rules.reward_words import Words

HISTORY_DAYS = 56
SOON_MS = 30 * MINUTE
CARD_TIMES = 3
ROUND_FEN = 1_000
TIMES = 2
"""So many times the store's median and the own history together stand out."""

NOTICE: Words = (
    "以下只是值得看一看的线索,不是对任何人的指控;请先看监控、小票和当班情况,再与当事人谈。",
    "These are leads worth a look, no accusation of anybody; look at receipts and circumstances before you talk.",
)


class Signal(NamedTuple):
    """name, what it is counted over: Chinese and English. kind: rate or average. least: smaller counts never stand
    out."""

    name: Words
    over: Words
    kind: str = "rate"
    least: int = 3


_TICKETS: Words = ("销售单", "tickets")
_SHIFTS: Words = ("班次", "shifts")
SIGNALS: dict[str, Signal] = {
    "line_voids": Signal(("撤销的商品行", "lines voided"), ("销售行", "lines")),
    "voids_after_payment": Signal(("开始收款后取消", "cancelled after payment began"), _TICKETS, least=1),
    "abandoned": Signal(("扫码后放弃", "abandoned after scanning"), _TICKETS),
    "refunds": Signal(("退款和整单作废", "refunds and voided tickets"), _TICKETS, least=2),
    "refunds_soon": Signal(("销售后30分钟内退款", "given back within 30 minutes of the sale"), _TICKETS, least=2),
    "refunds_without_member": Signal(("没有会员的退款", "refunds without a customer"), _TICKETS, least=2),
    "refunds_round": Signal(("整10元的退款", "refunds of whole tens"), ("退款", "refunds"), least=2),
    "no_sale": Signal(("非销售开钱箱", "drawer opened without a sale"), _TICKETS),
    "discount_share": Signal(("手工折扣", "discounts by hand"), ("标价金额", "list price"), least=1_000),
    "price_overrides": Signal(("手工改价", "prices by hand"), ("销售行", "lines")),
    "cash_variance": Signal(("现金长短款(分)", "cash over or short (fen)"), _SHIFTS, "average", least=1_000),
    "same_card": Signal(("同一会员一班超过3次", "one member more than 3 times a shift"), _SHIFTS, "average", least=1),
    "look_ups": Signal(("查了会员没有销售", "members looked up without a sale"), ("查询", "look-ups")),
    "training": Signal(("营业时间练习模式", "practice during opening hours"), _SHIFTS, "average", least=1),
}
"""What is looked at; a report gives each with the two numbers it is made of."""

Counts = dict[tuple[int, str], Counter[str]]
"""By clerk and date: of each signal the count, and under "over <signal>" what it could have been."""


def exceptions(conn: Connection, number: int, date: str) -> dict[str, Any]:
    """A store's day by cashier. Raises PosError bad_date."""
    read_date(date)
    counts = count(conn, number, days_before(date, HISTORY_DAYS), date)
    today = {who: sums for (who, day), sums in counts.items() if day == date}
    history: dict[int, Counter[str]] = defaultdict(Counter)
    for (who, day), sums in counts.items():
        if day != date:
            history[who].update(sums)
    middle = {name: median(_rates(counts, name) or [0.0]) for name in SIGNALS}
    names = clerk_names(conn)
    return {
        "report": "exceptions",
        "store": number,
        "date": date,
        "notice": list(NOTICE),
        "thresholds": {"times": TIMES, "least": {name: signal.least for name, signal in SIGNALS.items()}},
        "clerks": [
            {
                "clerk": who,
                "name": names.get(who, ""),
                "signals": [_told(name, sums, history[who], middle[name]) for name in SIGNALS if sums[f"over {name}"]],
            }
            for who, sums in sorted(today.items())
        ],
    }


def _rates(counts: Counts, name: str) -> list[float]:
    """Each cashier's of the store over all the time looked at."""
    whole: dict[int, Counter[str]] = defaultdict(Counter)
    for (who, _), sums in counts.items():
        whole[who].update(sums)
    return [sums[name] / sums[f"over {name}"] for sums in whole.values() if sums[f"over {name}"]]


def _told(name: str, sums: Counter[str], own: Counter[str], middle: float) -> dict[str, Any]:
    signal, value = SIGNALS[name], Value(sums[name], sums[f"over {name}"])
    usual = Value(own[name], own[f"over {name}"])
    rate = value.top / value.bottom
    before = usual.top / usual.bottom if usual.is_known else 0.0
    return {
        "signal": name,
        "name": list(signal.name),
        "over": list(signal.over),
        "count": value.top,
        "of": value.bottom,
        "value": _text(signal, value),
        "own": _text(signal, usual),
        "median": _text(signal, Value(round(middle * 1_000_000), 1_000_000)),
        "stands_out": value.top >= signal.least and rate > TIMES * middle and rate > TIMES * before,
    }


def _text(signal: Signal, value: Value) -> str:
    if signal.kind == "rate":
        return text_of("rate", value)
    return text_of("pieces", Value(value.top * 1_000, value.bottom))


# --- counting ---


def count(conn: Connection, number: int, since: str, until: str) -> Counts:
    """Everything of a store's days."""
    found: Counts = defaultdict(Counter)
    sales = _sales(conn, number, since, until, found)
    _lines(conn, number, since, until, sales, found)
    _refunds(conn, number, since, until, found)
    _events(conn, number, since, until, {sold.ticket for sold in sales}, found)
    _training(conn, number, since, until, _shifts(conn, number, since, until, found), found)
    for sums in found.values():
        tickets = sums.pop("tickets", 0)
        for name, signal in SIGNALS.items():
            if signal.over == _TICKETS:
                sums[f"over {name}"] = tickets
            elif signal.over == _SHIFTS:
                sums[f"over {name}"] = sums["shifts"]
        sums["over abandoned"] += sums["abandoned"]
        sums["over refunds_round"] = sums["refunds"]
    return found


def _days_of(table: Any, number: int, since: str, until: str) -> tuple[Any, ...]:
    return table.c.store == number, table.c.date >= since, table.c.date <= until


def _sales(conn: Connection, number: int, since: str, until: str, found: Counts) -> list[Any]:
    columns = [sale.c[name] for name in "jid seq date clerk till shift ticket member".split()]
    rows = list(conn.execute(select(*columns).where(*_days_of(sale, number, since, until))))
    cards: Counter[tuple[int, str, int, str, str]] = Counter()
    for sold in rows:
        found[sold.clerk, sold.date]["tickets"] += 1
        if sold.member:
            cards[sold.clerk, sold.date, sold.till, sold.shift, sold.member] += 1
    for (who, date, *_), times in cards.items():
        found[who, date]["same_card"] += times > CARD_TIMES
    return rows


def _lines(conn: Connection, number: int, since: str, until: str, sales: Iterable[Any], found: Counts) -> None:
    whose = {(sold.jid, sold.seq): (sold.clerk, sold.date) for sold in sales}
    columns = [sale_line.c[name] for name in "jid seq amount off why".split()]
    for line in conn.execute(select(*columns).where(*_days_of(sale_line, number, since, until))):
        sums = found[whose[line.jid, line.seq]]
        reasons = json.loads(line.why) if line.why else []
        sums["over discount_share"] += line.amount - line.off
        sums["discount_share"] += sum(
            -reason.get("fen", 0) for reason in reasons if reason.get("kind") in ("discount", "ticket_discount")
        )
        sums["over price_overrides"] += 1
        sums["price_overrides"] += any(reason.get("kind") == "price" for reason in reasons)
        sums["over line_voids"] += 1


def _refunds(conn: Connection, number: int, since: str, until: str, found: Counts) -> None:
    asked = (
        select(refund.c.clerk, refund.c.date, refund.c.total, refund.c.done, refund.c.member, sale.c.paid)
        .join(sale, (sale.c.receipt == refund.c.sale_receipt) & (sale.c.event == refund.c.sale), isouter=True)
        .where(*_days_of(refund, number, since, until))
    )
    for back in conn.execute(asked):
        sums = found[back.clerk, back.date]
        sums["refunds"] += 1
        sums["refunds_soon"] += back.paid is not None and back.done - back.paid <= SOON_MS
        sums["refunds_without_member"] += not back.member
        sums["refunds_round"] += back.total > 0 and back.total % ROUND_FEN == 0


def _events(conn: Connection, number: int, since: str, until: str, sold: set[str], found: Counts) -> None:
    columns = [event.c[name] for name in "type version clerk date effective body".split()]
    asked = select(*columns).where(*_days_of(event, number, since, until), event.c.type.in_(_EVENTS))
    for row in conn.execute(asked):
        _EVENTS[row.type](found[row.clerk, row.date], read_body(row.type, row.version, row.body.encode()), sold)


def _voided_line(sums: Counter[str], body: Message, sold: set[str]) -> None:
    sums["line_voids"] += 1
    sums["over line_voids"] += 1


def _cancelled(sums: Counter[str], body: Message, sold: set[str]) -> None:
    assert isinstance(body, CartCancelled)
    sums["voids_after_payment"] += bool(body.tenders)
    sums["abandoned"] += bool(body.lines and not body.tenders)


def _drawer(sums: Counter[str], body: Message, sold: set[str]) -> None:
    sums["no_sale"] += 1


def _looked_up(sums: Counter[str], body: Message, sold: set[str]) -> None:
    assert isinstance(body, MemberRecognised)
    sums["over look_ups"] += 1
    sums["look_ups"] += body.ticket not in sold


_EVENTS: dict[str, Callable[[Counter[str], Message, set[str]], None]] = {
    "line.voided": _voided_line,
    "cart.cancelled": _cancelled,
    "drawer.opened": _drawer,
    "member.recognised": _looked_up,
}


def _shifts(conn: Connection, number: int, since: str, until: str, found: Counts) -> list[tuple[int, int]]:
    """When shifts were open, from and to (to the end of time where one is)."""
    spans = []
    for row in conn.execute(select(shift).where(*_days_of(shift, number, since, until))):
        sums = found[row.clerk, row.date]
        sums["shifts"] += 1
        if row.closed:
            sums["cash_variance"] += abs(row.counted - row.expected)
        spans.append((row.opened, row.closed or LARGEST))
    return spans


def _training(
    conn: Connection, number: int, since: str, until: str, spans: Sequence[tuple[int, int]], found: Counts
) -> None:
    columns = [event.c[name] for name in "clerk date effective".split()]
    asked = select(*columns).where(*_days_of(event, number, since, until), event.c.type == "training.entered")
    for row in conn.execute(asked):
        if any(opened <= row.effective <= closed for opened, closed in spans):
            found[row.clerk, row.date]["training"] += 1


def exceptions_text(told: dict[str, Any], language: str = "zh") -> str:
    """What stands out, to be read; first of all what it is not."""
    english = language == "en"
    place = int(english)
    lines = [f"{told['date']}  {told['store']}", told["notice"][place]]
    each = (
        "  {name}: {count} of {of} {over} ({value}); own 8 weeks {own}, store's median {median}"
        if english
        else "  {name}: {count} / {of} {over} ({value});本人8周 {own},门店中位数 {median}"
    )
    for one in told["clerks"]:
        outstanding = [signal for signal in one["signals"] if signal["stands_out"]]
        nothing = "nothing stands out" if english else "没有突出的"
        lines.append(f"{one['clerk']} {one['name']}" + ("" if outstanding else f": {nothing}"))
        lines += [
            each.format(**{**signal, "name": signal["name"][place], "over": signal["over"][place]})
            for signal in outstanding
        ]
    return "\n".join(lines)

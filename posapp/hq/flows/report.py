"""What a flow brought: its wake rate beside the holdout's, and what became of every step.

Worked out from the frozen contacts and the tickets as they are known now, so what tills send late counts too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from posapp.clock import business_date, local, parse_instant, rfc3339
from posapp.hq import feed
from posapp.hq.flows.flowing import WINDOW_MS
from posapp.hq.flows.plans import plan_of, state_of
from posapp.hq.flows.purchases import Purchase, purchases_of
from posapp.hq.flows.reaching import HOLDOUT, TREATED
from posapp.hq.flows.tables import flow_contact
from posapp.hq.members.tables import benefit, person
from posapp.hq.people import settings_of
from posapp.hq.texts.tables import text_message
from posapp.rules.dictionary import METRICS, UNKNOWN, Value, text_of
from posapp.rules.metrics import FINAL, PROVISIONAL, UPDATED
from posapp.rules.proportions import FEW, difference, interval, is_few


class Contact(NamedTuple):
    """A person of the frozen set and the first purchase in the window, None so far."""

    root: str
    at: int
    arm: str
    dormant: bool
    answer: Purchase | None


def contacts_of(conn: Connection, id_: str) -> list[Contact]:
    """The frozen set as persons are known now: one row a person, whose first contact counts, a real one before a
    holdout's."""
    rows = conn.execute(
        select(flow_contact, person.c.root)
        .join(person, person.c.ref == flow_contact.c.ref)
        .where(flow_contact.c.flow == id_)
    ).all()
    first: dict[str, Any] = {}
    for row in sorted(rows, key=lambda row: (row.arm != TREATED, row.at, row.ref)):
        first.setdefault(row.root, row)
    since = min((row.at for row in first.values()), default=0)
    bought: dict[str, list[Purchase]] = defaultdict(list)
    for one in purchases_of(conn, first, since):
        bought[one.root].append(one)
    return [
        Contact(
            root,
            row.at,
            row.arm,
            bool(row.dormant),
            next((one for one in bought[root] if row.at <= one.paid <= row.at + WINDOW_MS), None),
        )
        for root, row in sorted(first.items(), key=lambda held: (held[1].at, held[0]))
    ]


def report(conn: Connection, id_: str, now: int) -> dict[str, Any]:
    """Raises PosError not_found."""
    plan, settings = plan_of(conn, id_), settings_of(conn, feed.CHAIN)
    contacts = contacts_of(conn, id_)
    days: dict[str, list[Contact]] = defaultdict(list)
    for one in contacts:
        days[f"{local(one.at, settings.time_zone):%Y-%m-%d}"].append(one)

    def is_late(one: Purchase) -> bool:
        """Whether HQ heard of it on a later business day."""
        return business_date(one.heard, settings.time_zone, settings.cutover_hour) > one.date

    def stand(some: Sequence[Contact]) -> dict[str, Any]:
        late = [one.answer for one in some if one.answer and one.dormant and is_late(one.answer)]
        open_until = max((one.at + WINDOW_MS for one in some), default=0)
        state = PROVISIONAL if open_until > now else UPDATED if late else FINAL
        heard = rfc3339(max(one.heard for one in late)) if late else None
        return {**_rates(some), "state": state, "late": len(late), "updated": heard}

    return {
        "report": "flow",
        "flow": plan.id,
        "name": plan.name,
        "state": state_of(plan, now),
        "formula": METRICS["wake_rate"].formula,
        "at": rfc3339(now),
        **{f"figures_{name}" if name == "state" else name: value for name, value in stand(contacts).items()},
        "steps": _steps(conn, id_),
        "days": [{"date": date, **stand(days[date])} for date in sorted(days)],
    }


def _rates(some: Iterable[Contact]) -> dict[str, Any]:
    """Of both arms: how many, how many of them dormant, how many of those woke."""
    counts = Counter[tuple[str, str]]()
    for one in some:
        counts[one.arm, "persons"] += 1
        counts[one.arm, "bought"] += one.answer is not None
        counts[one.arm, "dormant"] += one.dormant
        counts[one.arm, "woken"] += one.dormant and one.answer is not None
    pairs = {arm: (counts[arm, "woken"], counts[arm, "dormant"]) for arm in (TREATED, HOLDOUT)}
    told = {
        "contacted" if arm == TREATED else "holdout": {
            **{name: counts[arm, name] for name in ("persons", "bought", "dormant", "woken")},
            **_rate_of(pairs[arm], is_told=arm == TREATED or not is_few(pairs[arm][1])),
        }
        for arm in (TREATED, HOLDOUT)
    }
    (woken, treated), (by_itself, held) = pairs[TREATED], pairs[HOLDOUT]
    known = bool(treated and held) and not (is_few(treated) or is_few(held))
    return {
        **told,
        "uplift": _points(woken / treated - by_itself / held) if known else None,
        "uplift_interval": [_points(one) for one in difference(pairs[TREATED], pairs[HOLDOUT])] if known else None,
    }


def _rate_of(pair: tuple[int, int], *, is_told: bool) -> dict[str, Any]:
    """A rate with its interval; few: there is one, of too few persons to be told."""
    return {
        "wake_rate": text_of("rate", Value(*pair)) if is_told else UNKNOWN,
        "interval": _span(interval(*pair)) if is_told and pair[1] else None,
        "few": not is_told,
    }


def _span(bounds: tuple[float, float]) -> list[str]:
    return [f"{bound * 100:.1f}%" for bound in bounds]


def _points(share: float) -> str:
    """A difference of two rates, in percentage points."""
    return f"{share * 100:+.1f}"


def _steps(conn: Connection, id_: str) -> dict[str, dict[str, int]]:
    """What became of the texts, benefits and hints."""
    rows = conn.execute(
        select(flow_contact, text_message.c.state.label("sent"), benefit.c.state.label("used"))
        .join(text_message, text_message.c.id == flow_contact.c.text, isouter=True)
        .join(benefit, benefit.c.id == flow_contact.c.benefit, isouter=True)
        .where(flow_contact.c.flow == id_, flow_contact.c.arm == TREATED)
    ).all()
    return {
        "texts": dict(Counter(row.sent or "wiped" for row in rows if row.text)),
        "benefits": dict(Counter(row.used or "gone" for row in rows if row.benefit)),
        "hints": dict(Counter(row.outcome or "unanswered" for row in rows if row.hint)),
        "leads": dict(Counter("given" for row in rows if row.lead)),
    }


_STATES = {PROVISIONAL: ("暂计", "provisional"), UPDATED: ("已定", "final"), FINAL: ("已定", "final")}
STEPS = {
    "texts": ("短信", "texts"),
    "benefits": ("权益", "benefits"),
    "hints": ("提示", "hints"),
    "leads": ("待办", "leads"),
}
OUTCOMES = {
    "queued": "待发",
    "sending": "发送中",
    "sent": "已发出",
    "delivered": "已送达",
    "refused": "未发出",
    "suppressed": "已退订",
    "uncertain": "结果未知",
    "wiped": "已清除",
    "open": "未用",
    "used": "已用",
    "void": "已作废",
    "gone": "已清除",
    "accepted": "已接受",
    "declined": "已谢绝",
    "ignored": "未处理",
    "unanswered": "未出示",
    "given": "已派",
}


def report_text(told: dict[str, Any], zone: str, language: str = "zh") -> str:
    """The same to be read, times in a zone."""
    english = language == "en"
    place = 1 if english else 0
    as_of = f"as of {_time(told['at'], zone)}" if english else f"数据截至 {_time(told['at'], zone)}"
    lines = [
        f"{told['name'][place]} ({told['flow']})  {as_of}",
        _line(told, told["figures_state"], zone, english),
        told["formula"][place],
    ]
    for name, title in STEPS.items():
        parts = [f"{what if english else OUTCOMES[what]} {n}" for what, n in sorted(told["steps"][name].items())]
        if parts:
            lines.append(f"{title[place]}: {', '.join(parts)}")
    lines += [f"{day['date']}  {_line(day, day['state'], zone, english)}" for day in told["days"]]
    return "\n".join(lines)


def _line(told: dict[str, Any], state: str, zone: str, english: bool) -> str:
    """ "唤醒率 22.0% (11/50) · 对照 10.0% (1/10) · 提升 +12.0 个百分点 (95%: -9.1 至 +24.5) · 暂计" """
    reached, held = told["contacted"], told["holdout"]
    words = ("唤醒率", "对照", "提升", "个百分点", "至", "已更新")
    if english:
        words = ("wake rate", "holdout", "uplift", "points", "to", "updated")
    parts = [f"{words[0]} {_rate(reached)}", f"{words[1]} {_rate(held)}"]
    if held["few"]:
        parts[-1] += f" {FEW[1 if english else 0]}"
    if told["uplift"] is not None:
        low, high = told["uplift_interval"]
        parts.append(f"{words[2]} {told['uplift']} {words[3]} (95%: {low} {words[4]} {high})")
    parts.append(_STATES[state][1 if english else 0])
    if told["updated"]:
        parts.append(f"{words[5]} {_time(told['updated'], zone)}")
    return " · ".join(parts)


def _time(instant: str, zone: str) -> str:
    return f"{local(parse_instant(instant, zone), zone):%m-%d %H:%M}"


def _rate(arm: dict[str, Any]) -> str:
    return f"{arm['wake_rate']} ({arm['woken']}/{arm['dormant']})"

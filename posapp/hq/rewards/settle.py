"""A month of the clerks' accounts: to be looked at while it runs, and paid out once, for ever the same."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from posapp.clock import Clock, rfc3339
from posapp.dates import read_month
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.database import REWARDED, Database, lock_counter
from posapp.hq.members.desk import reason_of
from posapp.hq.people import clerk_names
from posapp.hq.rewards.account import counted
from posapp.hq.rewards.days import Days, next_month
from posapp.hq.rewards.rewarding import Rewarding
from posapp.hq.rewards.rules import Rules
from posapp.hq.rewards.tables import reward_line, reward_month
from posapp.hq.tables import store
from posapp.money import Money
from posapp.rules.reward_words import KINDS, why_words

COUNTS = ("joins", "first_orders", "back", "excluded")
_HEAD = "row,month,clerk,name,joins,first_orders,back,excluded,amount,at,store,kind,why,words,receipt,channel".split(
    ","
)


def month_of(database: Database, clock: Clock, number: int, month: str | None) -> dict[str, Any]:
    """A store's rewards of a month (the one that runs), by clerk with every line. Raises PosError no_such_store,
    bad_month."""
    with database.reading(snapshot=True) as conn:
        if conn.scalar(select(store.c.name).where(store.c.number == number)) is None:
            raise PosError("no_such_store", store=number)
        days, now = Days(conn), clock.now_ms()
        month = read_month(month) if month else days.date(number, now)[:7]
        settled = conn.execute(select(reward_month).where(reward_month.c.month == month)).one_or_none()
        lines = _lines(conn, month, number)
        sums = {who: counted(mine) for who, mine in lines.items()}
        names = clerk_names(conn)
        last = min(days.date(number, now), f"{month}-31")
        return {
            "report": "rewards",
            "store": number,
            "month": month,
            "made": rfc3339(now),
            "settled": rfc3339(settled.settled) if settled else None,
            "rule": list(Rules(conn).words(feed.store_scope(number), last)),
            "clerks": [
                {
                    "clerk": who,
                    "name": names.get(who, ""),
                    **{name: sums[who][name] for name in COUNTS},
                    "amount": str(Money(sums[who]["fen"])),
                    "lines": [_told(line, days.date(line.store, line.at)) for line in mine],
                }
                for who, mine in sorted(lines.items())
            ],
            "amount": str(Money(sum(line.fen for mine in lines.values() for line in mine))),
        }


def _lines(conn: Connection, month: str, number: int | None = None) -> dict[int, list[Any]]:
    asked = select(reward_line).where(reward_line.c.month == month)
    if number is not None:
        asked = asked.where(reward_line.c.store == number)
    found: dict[int, list[Any]] = defaultdict(list)
    columns = reward_line.c
    for row in conn.execute(
        asked.order_by(columns.clerk, columns.at, columns.ref, columns.kind, columns.source, columns.n)
    ):
        found[row.clerk].append(row)
    return found


def _told(line: Any, date: str) -> dict[str, Any]:
    return {
        "at": rfc3339(line.at),
        "date": date,
        "kind": line.kind,
        "amount": str(Money(line.fen)),
        "why": line.why,
        "receipt": line.receipt,
        "channel": line.channel,
    }


def month_text(told: dict[str, Any], language: str = "zh") -> str:
    """The same to be read: each clerk, and the lines that are no plain join or first order."""
    english = language == "en"
    head = "{month} store {store}: {amount}" if english else "{month} 门店 {store}: {amount}"
    state = ("settled", "open") if english else ("已结算", "未结算")
    lines = [head.format(**told) + f"  ({state[0] if told['settled'] else state[1]})", told["rule"][int(english)]]
    each = (
        "{clerk} {name}: joins {joins}, first orders {first_orders}, taken back {back}, excluded {excluded}  {amount}"
        if english
        else "{clerk} {name}: 入会 {joins},首单 {first_orders},冲回 {back},不计 {excluded}  {amount}"
    )
    for one in told["clerks"]:
        lines.append(each.format(**one))
        for line in one["lines"]:
            if line["why"]:
                kind = KINDS[line["kind"]][int(english)]
                lines.append(f"  {line['date']}  {kind}  {line['amount']}  {why_words(line['why'], language)}")
    return "\n".join(lines)


def settle(database: Database, clock: Clock, month: str, who: str, reason: str) -> str:
    """Close a month and keep what is paid for it; asked again it is the same file.

    Raises PosError bad_month, month_runs, needs_reason, text_too_long.
    """
    month = read_month(month)
    reason = reason_of(reason)
    rewarding = Rewarding(database, clock)
    while rewarding.step():
        pass
    now = clock.now_ms()
    with database.transaction() as conn:
        lock_counter(conn, REWARDED)
        kept = conn.scalar(select(reward_month.c.content).where(reward_month.c.month == month))
        if kept is not None:
            return str(kept)
        days = Days(conn)
        stores = [0, *conn.scalars(select(store.c.number))]
        if any(now < days.span(number, f"{next_month(month)}-01")[0] for number in stores):
            raise PosError("month_runs", month=month)
        content = _export(month, _lines(conn, month), clerk_names(conn))
        row = {"month": month, "settled": now, "who": who, "reason": reason, "content": content}
        conn.execute(reward_month.insert(), row)
    return content


def settled_months(conn: Connection) -> list[dict[str, Any]]:
    """Which months were settled, by whom and why."""
    asked = select(reward_month.c.month, reward_month.c.settled, reward_month.c.who, reward_month.c.reason)
    return [
        {"month": row.month, "settled": rfc3339(row.settled), "who": row.who, "reason": row.reason}
        for row in conn.execute(asked.order_by(reward_month.c.month))
    ]


def _export(month: str, lines: dict[int, list[Any]], names: dict[int, str]) -> str:
    """Of each clerk a row with the sums, then every line of them; a row with the sum of all at the end."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_HEAD)
    for number, mine in sorted(lines.items()):
        name = _plain(names.get(number, ""))
        writer.writerow(["clerk", month, number, name, *_sums(mine), *[""] * 7])
        for line in mine:
            words = KINDS[line.kind][0] + (f":{why_words(line.why)}" if line.why else "")
            writer.writerow(
                [
                    *("line", month, number, name, "", "", "", "", Money(line.fen), rfc3339(line.at), line.store),
                    *(line.kind, line.why, words, line.receipt, line.channel),
                ]
            )
    every = [line for mine in lines.values() for line in mine]
    writer.writerow(["all", month, "", "", *_sums(every), *[""] * 7])
    return out.getvalue()


def _sums(lines: Sequence[Any]) -> list[Any]:
    sums = counted(lines)
    return [*(sums[name] for name in COUNTS), Money(sums["fen"])]


def _plain(text: str) -> str:
    """A spreadsheet works out what begins like a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text

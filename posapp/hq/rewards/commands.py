"""`posapp hq reward ...`, `hq report rewards`: what clerks are promised, what they have earned, what is paid."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select

from posapp.errors import PosError
from posapp.hq import enrol, feed, people
from posapp.hq.members.commands import say, say_rows, who
from posapp.hq.office import Office
from posapp.hq.rewards import settle
from posapp.hq.rewards.days import Days
from posapp.hq.rewards.rewarding import promise
from posapp.hq.rewards.rules import Rules, words_of
from posapp.hq.rewards.tables import reward_rule
from posapp.hq.rewards.wanted import Rule
from posapp.money import Money

Command = Callable[[Any, str, Callable[[argparse.Namespace], int | None], str], Any]


def add(command: Command, group: Callable[[str, str], Any], reports: Any) -> None:
    """Add these commands to those of `posapp hq`."""
    rewards = group("reward", "what clerks get for joins")
    rules = rewards.add_parser("rule", help="what is promised", description="what is promised")
    acts = rules.add_subparsers(dest="hq_reward_rule", required=True, metavar="WHAT")
    new = command(acts, "set", _rule_set, "promise something for joins from a date on; what was promised before ends")
    new.add_argument("--store", default=feed.CHAIN, help="one store, instead of the chain's rule")
    new.add_argument("--from", dest="starts", metavar="YYYY-MM-DD", help="date of joining (default: today)")
    new.add_argument("--join", metavar="AMOUNT", default="0", help="for each valid join (default: %(default)s)")
    new.add_argument("--first-order", metavar="AMOUNT", default="0", help="for its first order within 7 days")
    new.add_argument("--least", metavar="AMOUNT", default="0", help="what that order has to come to")
    new.add_argument("--cap", metavar="AMOUNT", default="0", help="at most for a clerk's joins of a day (0: no cap)")
    command(acts, "list", _rule_list, "every rule, and which are in force").add_argument("--json", action="store_true")

    paid = command(
        rewards, "settle", _settle, "close a month that is over and write what is paid; again: the same file"
    )
    paid.add_argument("--month", required=True, metavar="YYYY-MM")
    paid.add_argument("--reason", required=True, help="is kept with who settled")
    paid.add_argument("file", metavar="FILE.csv")
    months = command(rewards, "settled", _settled, "which months were settled, when, by whom and why")
    months.add_argument("--json", action="store_true")

    told = command(reports, "rewards", _report, "a store's rewards of a month, by clerk, with every line")
    told.add_argument("--store", required=True)
    told.add_argument("--month", metavar="YYYY-MM", help="default: the one that runs")
    told.add_argument("--json", action="store_true")


def amount(text: str) -> int:
    """Fen, 0 or more. Raises PosError bad_amount."""
    money = Money.parse(text)
    if money.fen < 0:
        raise PosError("bad_amount", amount=text[:30])
    return money.fen


def _rule_set(args: argparse.Namespace) -> None:
    rule = Rule(amount(args.join), amount(args.first_order), amount(args.least), amount(args.cap))
    with Office(args) as office, office.database.transaction() as conn:
        now = office.clock.now_ms()
        starts = args.starts or Days(conn).date(0, now)
        promise(conn, args.store, starts, rule, now, who())
    say(words_of(rule)[1 if args.language == "en" else 0])


def _rule_list(args: argparse.Namespace) -> None:
    with Office(args) as office, office.database.reading() as conn:
        today = Days(conn).date(0, office.clock.now_ms())
        rules = Rules(conn)
        rows = [
            {
                "version": row.version,
                "scope": row.scope,
                "starts": row.starts,
                "join": str(Money(row.join)),
                "first_order": str(Money(row.first_order)),
                "least": str(Money(row.least)),
                "cap": str(Money(row.cap)),
                "who": row.who,
                "in_force": rules.row_of(row.scope, today).version == row.version if row.starts <= today else False,
                "words": list(words_of(Rule(row.join, row.first_order, row.least, row.cap))),
            }
            for row in conn.execute(select(reward_rule).order_by(reward_rule.c.version))
        ]
    say_rows(args, rows, _rule_cells)


def _rule_cells(row: dict[str, Any], place: int) -> list[Any]:
    mark = ("生效中", "in force")[place] if row["in_force"] else ""
    return [row["version"], row["scope"], row["starts"], row["words"][place], mark]


def _settle(args: argparse.Namespace) -> None:
    path = Path(args.file)
    if path.suffix.lower() != ".csv":
        raise PosError("bad_usage", usage="posapp hq reward settle --month YYYY-MM --reason TEXT FILE.csv")
    if not path.absolute().parent.is_dir():
        raise PosError("cannot_write", file=str(path))
    with Office(args) as office:
        content = settle.settle(office.database, office.clock, args.month, who(), args.reason)
    try:
        path.write_text(content, "utf-8-sig")
    except OSError:
        raise PosError("cannot_write", file=str(path)) from None
    say(content.rstrip().rsplit("\n", 1)[-1])


def _settled(args: argparse.Namespace) -> None:
    with Office(args) as office, office.database.reading() as conn:
        rows = settle.settled_months(conn)
    say_rows(args, rows, lambda row, _: [row[name] for name in ("month", "settled", "who", "reason")])


def _report(args: argparse.Namespace) -> None:
    number = people.whole(args.store, enrol.LARGEST_STORE)
    with Office(args) as office:
        told = settle.month_of(office.database, office.clock, number, args.month)
    say(json.dumps(told, ensure_ascii=False) if args.json else settle.month_text(told, args.language))

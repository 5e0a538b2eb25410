"""What is promised to clerks: rules by scope and date of joining. The store's own stands before the chain's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from posapp.dates import read_date
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.people import scope_of
from posapp.hq.rewards.tables import reward_month, reward_rule
from posapp.hq.rewards.wanted import Rule
from posapp.money import Money
from posapp.rules.reward_words import Words

LARGEST_REWARD = 100_000
"""Fen for one join, or one first order: beyond it somebody typed a nought too many."""

NO_RULE: Words = ("还没有设置奖励规则", "no reward rule is set")


class Rules:
    """The rules as they stand, read once for some work."""

    def __init__(self, conn: Connection) -> None:
        rows = conn.execute(select(reward_rule)).all()
        self._rows: Sequence[Any] = sorted(rows, key=lambda row: (row.starts, row.version), reverse=True)

    def of(self, store: int, date: str) -> Rule:
        """The rule for a join in a store on a date; one that pays nothing where there is none."""
        row = self.row_of(feed.store_scope(store), date)
        return Rule(row.join, row.first_order, row.least, row.cap) if row else Rule()

    def row_of(self, scope: str, date: str) -> Any:
        """The newest that has started, of the scope itself before the chain's; None where there is none."""
        for nearest in (scope, feed.CHAIN):
            for row in self._rows:
                if row.scope == nearest and row.starts <= date:
                    return row
        return None

    def words(self, scope: str, date: str) -> Words:
        row = self.row_of(scope, date)
        return words_of(Rule(row.join, row.first_order, row.least, row.cap)) if row else NO_RULE


def words_of(rule: Rule) -> Words:
    """A rule to be read."""
    chinese = [f"有效入会每位 ¥{Money(rule.join)}"]
    english = [f"¥{Money(rule.join)} for each valid join"]
    if rule.first_order:
        least = f"满 ¥{Money(rule.least)} 的" if rule.least else ""
        chinese.append(f"7天内{least}首单每位 ¥{Money(rule.first_order)}")
        of = f" of ¥{Money(rule.least)} or more" if rule.least else ""
        english.append(f"¥{Money(rule.first_order)} for a first order{of} within 7 days")
    if rule.cap:
        chinese.append(f"每天的入会最多 ¥{Money(rule.cap)}")
        english.append(f"¥{Money(rule.cap)} at most for a day's joins")
    return ";".join(chinese), "; ".join(english)


def add_rule(conn: Connection, scope_text: str, starts: str, rule: Rule, now: int, who: str) -> str:
    """Promise something from a date on; the scope. Raises PosError bad_date, month_settled, bad_scope,
    no_such_store, reward_too_large."""
    if max(rule.join, rule.first_order) > LARGEST_REWARD:
        raise PosError("reward_too_large", most=Money(LARGEST_REWARD))
    read_date(starts)
    scope = scope_of(conn, scope_text)
    settled = conn.scalar(select(func.max(reward_month.c.month)))
    if settled is not None and starts[:7] <= settled:
        raise PosError("month_settled", month=settled)
    row = {
        "version": (conn.scalar(select(func.max(reward_rule.c.version))) or 0) + 1,
        "scope": scope,
        "starts": starts,
        "join": rule.join,
        "first_order": rule.first_order,
        "least": rule.least,
        "cap": rule.cap,
        "made": now,
        "who": who,
    }
    conn.execute(reward_rule.insert(), row)
    return scope

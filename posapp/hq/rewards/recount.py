"""Proves the accounts: what ought to stand in them, worked out anew from the facts, against the sum of their lines."""

from __future__ import annotations

from sqlalchemy import Connection, select

from posapp.errors import PosError
from posapp.hq.database import portions
from posapp.hq.joining.tables import joined
from posapp.hq.rewards.account import booked_of, standing_of
from posapp.hq.rewards.days import Days
from posapp.hq.rewards.facts import Group, cases_of, counts_for_clerk
from posapp.hq.rewards.rewarding import is_behind
from posapp.hq.rewards.rules import Rules
from posapp.hq.rewards.tables import reward_line, reward_seen
from posapp.hq.rewards.wanted import EXCLUDED, PARTS, wanted_of


def recount(conn: Connection) -> int | None:
    """How many joins were recounted; None while the accounts are behind. Raises PosError rewards_differ."""
    if is_behind(conn):
        return None
    days, rules = Days(conn), Rules(conn)
    seen = select(reward_seen.c.ref)
    groups = {
        Group(row.clerk, row.store, days.date(row.store, row.at))
        for row in conn.execute(select(joined).where(joined.c.ref.in_(seen)))
        if counts_for_clerk(row)
    }
    known = set(conn.scalars(seen))
    counted: set[str] = set()
    for some in portions(sorted(groups, key=lambda group: group.date)):
        cases_by = cases_of(conn, days, some)
        booked = booked_of(conn, (case.ref for cases in cases_by.values() for case in cases))
        for group, cases in cases_by.items():
            wanted = wanted_of(cases, rules.of(group.store, group.date))
            for ref in wanted.keys() & known:
                counted.add(ref)
                if any(standing_of(booked[ref], part) != wanted[ref].of(part) for part in PARTS):
                    raise PosError("rewards_differ", clerk=group.clerk, store=group.store, date=group.date)
    for row in conn.execute(select(reward_line).where(reward_line.c.kind != EXCLUDED)):
        if row.ref not in counted:
            raise PosError("rewards_differ", clerk=row.clerk, store=row.store, date=days.date(row.store, row.at))
    return len(counted)

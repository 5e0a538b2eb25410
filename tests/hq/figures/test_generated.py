"""Two stores, made up from a seed, with late, offline and reversed data: every figure is what independent SQL says."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import Table

from posapp.clock import SimulatedClock
from posapp.errors import PosError
from posapp.hq.database import Database
from posapp.hq.figures import boards
from posapp.hq.figures.recount import verify_figures
from posapp.hq.figures.tables import fact, join_fact, tally, tally_day
from posapp.rules.metrics import FINAL
from tests.generated import FIRST, Made
from tests.recounted import Recount


def test_every_figure_of_a_made_up_chain_is_what_sql_says(database: Database) -> None:
    made = Made(database, SimulatedClock(), stores=2, days=25, tickets=2_000, trouble=0.1)
    made.run()
    assert made.sold > 1_900
    since, until = FIRST.isoformat(), (FIRST + dt.timedelta(days=40)).isoformat()
    with database.transaction() as conn:
        recount = Recount(database, conn)
        wanted = recount.by("store", "date")
        found = {
            (str(number), part.key): part.figures
            for number in (1, 2)
            for part in boards.by(conn, "date", since, until, store=number)
        }
        assert found == wanted
        for cut in ("clerk", "hour", "till", "channel", "store", "date"):
            parts = {(part.key,): part.figures for part in boards.by(conn, cut, since, until)}
            assert parts == recount.by(cut), cut
        states = boards.state_of(conn, since, until)
        late = conn.execute(fact.select().where(fact.c.late == 1)).all()
    whole = sum(part.walk_ins for part in wanted.values())
    assert whole > 500
    assert late
    assert states[FINAL] > 40
    with database.reading() as conn:
        assert verify_figures(conn) > 50


def test_verify_finds_what_was_tampered_with(database: Database) -> None:
    Made(database, SimulatedClock(), stores=1, days=10, tickets=200).run()

    def tampered(table: Table, **change: int) -> None:
        with database.transaction() as conn:
            conn.execute(table.update().values(**change))
            verify_figures(conn)

    for table, change in ((tally, {"walk_ins": 99}), (fact, {"net": 1}), (join_fact, {"first": 1})):
        with pytest.raises(PosError, match="figures_differ"):
            tampered(table, **change)
    with database.reading() as conn:
        days = conn.execute(tally_day.select()).all()
        assert verify_figures(conn) == len(days)

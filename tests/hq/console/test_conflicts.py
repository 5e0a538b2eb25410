"""What was done about a conflict is noted in a few words, without anybody's number."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from posapp.errors import PosError
from posapp.hq.console.conflicts import acknowledge
from posapp.hq.console.tables import console_seen
from posapp.hq.database import Database
from tests.hq.shop import TestClock, on_sqlite


@on_sqlite
@pytest.mark.parametrize("note", ["已致电13800138009", "已致电 138/0013/8009", "长" * 201])
def test_a_note_that_may_not_be_kept_is_refused_first(database: Database, clock: TestClock, note: str) -> None:
    with pytest.raises(PosError, match="text_"):
        acknowledge(database, None, "flag", "1", "olga", note, clock.now)
    with database.reading() as conn:
        assert conn.execute(select(console_seen)).all() == []

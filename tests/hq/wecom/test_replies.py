"""What WeCom itself says of replies, asked for a day at a time."""

from __future__ import annotations

import pytest

from posapp.errors import PosError
from posapp.hq.rewards.wecom_stats import ask_wecom, stats
from tests.hq.wecom.conftest import Town


def test_wecom_itself_says_how_many_were_answered_but_not_within_the_hour(town: Town) -> None:
    town.hire(1001, "zhang")
    town.wecom.chats["zhang"] = {"chat_cnt": 40, "reply_percentage": 87.5, "avg_reply_time": 12}
    with pytest.raises(PosError, match="too_early"):
        ask_wecom(town.database, town.clock, town.worker.wecom, "2026-11-30")
    assert ask_wecom(town.database, town.clock, town.worker.wecom, "2026-11-20") == 1
    with town.database.reading() as conn:
        (row,) = stats(conn, "2026-11-20", "2026-11-20")["stores"]
    assert (row["store"], row["chats"], row["answered_share"]) == (1, 40, "87.5%")
    assert (row["in_hour_share"], row["mean_minutes"]) == ("—", "12.0")

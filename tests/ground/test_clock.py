"""A business date begins where the one before it ends, also where clocks are put forward and back."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from posapp.clock import business_date, day_begins

dates = st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 30))


@given(dates, st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "Asia/Urumqi", "Asia/Kathmandu"]), st.integers(4, 6))
def test_a_date_begins_where_the_one_before_ends(date: dt.date, zone: str, hour: int) -> None:
    begins = day_begins(date, zone, hour)
    assert business_date(begins, zone, hour) == date.isoformat()
    assert business_date(begins - 1, zone, hour) == (date - dt.timedelta(days=1)).isoformat()

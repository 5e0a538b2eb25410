"""The sync thread: it tries again, longer each time, and says what is wrong; selling never waits for it."""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec
import pytest

from posapp.calls import Refusal
from posapp.clock import SystemClock
from posapp.errors import PosError
from posapp.ids import seeded_chance
from posapp.sync.client import Answer
from posapp.sync.runner import LONGEST_WAIT_S, ROUND_S
from posapp.till import Till
from posapp.wire import Request
from tests.shop import CASHIER, Chain, last, play


def away(request: Request) -> Answer:
    raise ConnectionError("away")


def test_waits_double_with_every_failure_up_to_a_bound_and_are_spread(till: Till) -> None:
    assert till.runner.wait_s() == ROUND_S
    till.client._carrier = away
    bounds = []
    for failures in range(1, 12):
        with pytest.raises(PosError, match="hq_unreachable"):
            till.sync()
        waits = [till.runner.wait_s() for _ in range(200)]
        bound = min(LONGEST_WAIT_S, 2.0**failures)
        assert 0 <= min(waits) < bound / 4
        assert bound * 3 / 4 < max(waits) <= bound
        bounds.append(bound)
    assert bounds[-1] == LONGEST_WAIT_S
    assert last(till, "status")["trouble"].startswith("连不上总部")


def test_hq_that_asks_for_patience_gets_it(till: Till) -> None:
    till.client._carrier = lambda request: Answer(429, b'{"code":"too_many","values":{"seconds":"90"}}')
    with pytest.raises(PosError, match="too_many"):
        till.sync()
    assert till.runner.wait_s() >= 90


def test_the_thread_hands_a_sale_to_hq_by_itself_and_recovers(chain: Chain, tmp_path: Path) -> None:
    data, state = chain.enrol(1)
    first = chain.open(data, state)
    first.sync()
    chain.shut(first)
    seen, arrived, is_away = [], threading.Event(), True

    def carry(request: Request) -> Answer:
        if is_away:
            arrived.set()
            raise ConnectionError("away")
        answer = chain.carry(request)
        if request.url.endswith("/entries"):
            seen.append(request.url)
            arrived.set()
        return answer

    chain.http.app.state.hq.clock = SystemClock()  # type: ignore[attr-defined]
    till = Till(data, state, SystemClock(), seeded_chance(3), carry)
    try:
        till.runner.start()
        assert arrived.wait(30)
        play(till, f"sign-in {' '.join(CASHIER)}", "open-shift 0", "scan 6900000000011")
        assert "receipt" in last(till, "pay cash 10")
        arrived.clear()
        is_away = False
        assert arrived.wait(60)
        assert seen
    finally:
        till.close()


def test_an_older_hq_that_knows_no_members_is_no_trouble(chain: Chain) -> None:
    later = ("/v1/news", "/v1/live/lookup-keys", "/v1/boxes", "/v1/feed/members")

    def older(request: Request) -> Answer:
        if any(path in request.url for path in later):
            return Answer(404, msgspec.json.encode(Refusal("not_found", {"what": "URL"})))
        return chain.carry(request)

    till = chain.till(carrier=older)
    assert last(till, "scan 6900000000011", "pay cash 10", "sync")["unsent"] == 0
    assert till.runner.trouble is None

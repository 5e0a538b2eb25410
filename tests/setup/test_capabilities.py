"""The panel tells what does not work, why and what to do, in both languages, and is silent where all is well."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from drivers.contracts import Reason
from posapp.clock import DAY, HOUR, MINUTE
from posapp.errors import PosError
from posapp.setup.capabilities import Capability, Standing, capabilities
from posapp.setup.words import span
from posapp.till import Till
from tests.shop import START, Chain, last, play

READY = dict.fromkeys(("printer", "display", "scanner", "scale"), "ready")
WELL = Standing(START, True, None, START - 1000, 0, 0, START - 1000, 10**11, 2 * 10**8, devices=READY)
CLOSED = {"pay_code", "members", "coupons", "pickups"}
BY_HAND = {"card", "static_code"}


def panel(**changes: Any) -> dict[str, Capability]:
    return {row.name: row for row in capabilities(dataclasses.replace(WELL, **changes))}


def changed(**changes: Any) -> dict[str, Capability]:
    """The rows that are other than on a till that is well."""
    well = panel()
    return {name: row for name, row in panel(**changes).items() if row != well[name]}


def test_a_till_that_is_well_lacks_only_what_is_not_opened() -> None:
    rows = panel()
    assert {name for name, row in rows.items() if row.state == "off"} == CLOSED
    assert {name for name, row in rows.items() if row.state == "limited"} == BY_HAND


@pytest.mark.parametrize(
    ("changes", "name", "state", "part"),
    [
        ({"is_online": False}, "hq", "off", "switched off"),
        ({"trouble": PosError("hq_unreachable", url="x")}, "hq", "off", "1 second ago"),
        ({"trouble": PosError("revoked"), "last_contact": 0}, "hq", "off", "revoked this till, never heard of yet"),
        ({"unsent": 7, "oldest_unsent": START - 3 * HOUR}, "upload", "limited", "7 entries are not sent, the oldest"),
        ({"prices": START - 7 * DAY - 1}, "prices", "limited", "7 days old"),
        ({"prices": 0}, "prices", "off", "no prices"),
        ({"free": 5 * 10**8}, "disk", "limited", "500 MB"),
        ({"free": 10**8}, "disk", "off", "no new ticket"),
        ({"clock_quality": 1}, "clock", "limited", "jumped"),
        ({"clock_quality": 2}, "clock", "limited", "not compared"),
        ({"offset": -90_000}, "clock", "limited", "1 minute ahead of"),
        ({"doubtful": 2}, "receipts", "limited", "2 receipts came out"),
        ({"devices": {**READY, "scale": "timeout"}}, "scale", "off", "does not answer"),
        ({"devices": {**READY, "scanner": "busy"}}, "scanner", "off", "in use"),
    ],
)
def test_one_thing_amiss_is_one_row_with_its_reason(changes: dict[str, Any], name: str, state: str, part: str) -> None:
    rows = changed(**changes)
    assert list(rows) == [name]
    assert rows[name].state == state
    assert part in rows[name].why[1]
    for said in (rows[name].why, rows[name].todo):
        assert re.search("[\u4e00-\u9fff]", said[0])
        assert said[1].isascii()
        assert said[1]


def test_prices_warn_after_a_week_and_want_a_manager_after_a_month() -> None:
    assert panel(prices=START - 7 * DAY)["prices"].state == "ok"
    assert "manager" not in panel(prices=START - 30 * DAY)["prices"].todo[1]
    assert "manager" in panel(prices=START - 30 * DAY - 1)["prices"].todo[1]


def test_entries_that_wait_a_moment_are_no_matter() -> None:
    assert changed(unsent=3, oldest_unsent=START - 9 * MINUTE) == {}


@pytest.mark.parametrize("reason", Reason)
def test_a_printer_in_trouble_takes_receipts_and_drawer_along(reason: Reason) -> None:
    rows = changed(devices={**READY, "printer": reason}, printing=3)
    assert list(rows) == ["receipts", "drawer"]
    assert rows["receipts"].state == ("limited" if reason is Reason.UNKNOWN else "off")
    assert ("3 receipts wait" in rows["receipts"].why[1]) == (reason is not Reason.UNKNOWN)


def test_a_till_without_devices_says_how_to_do_without() -> None:
    rows = changed(devices={})
    assert {name: row.state for name, row in rows.items()} == {
        "receipts": "off",
        "drawer": "off",
        "scale": "off",
        "display": "off",
        "scanner": "ok",
    }
    assert "0.536*" in rows["scale"].todo[1]


def test_spans_are_told_as_people_do() -> None:
    told = [span(ms)[1] for ms in (0, 59_999, MINUTE, 119 * MINUTE, 2 * HOUR, 47 * HOUR, 2 * DAY)]
    assert told == ["0 seconds", "59 seconds", "1 minute", "119 minutes", "2 hours", "47 hours", "2 days"]


def test_the_script_tells_it_too(chain: Chain, till: Till) -> None:
    def told() -> dict[str, Any]:
        return {row["name"]: row for row in last(till, "capabilities")["capabilities"]}

    assert told()["hq"] == {"name": "hq", "title": "总部", "state": "ok", "why": "", "todo": ""}
    play(till, "network off")
    chain.clock.set(chain.clock.now_ms() + 8 * DAY)
    rows = told()
    assert rows["hq"]["state"] == "off"
    assert "8 天" in rows["hq"]["why"]
    assert "8 天" in rows["prices"]["why"]
    assert rows["upload"]["state"] == "limited"

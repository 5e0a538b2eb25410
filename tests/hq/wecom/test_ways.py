"""Codes from hiring to leaving: made, shown, taken back; what stands in for one that cannot be made; handing over."""

from __future__ import annotations

import io
import json
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import qrcode
import requests

from posapp.clock import DAY, HOUR
from posapp.errors import PosError
from posapp.hq import commands
from posapp.hq.gateways.wecom import UNREACHABLE, Wecom, WecomError
from posapp.hq.gateways.wecom_company import Refused
from posapp.hq.gateways.wecom_simulator import CODES_USED_UP, NOT_ACTIVE, NOT_VERIFIED
from posapp.hq.people import add_clerk, add_store
from posapp.hq.wecom import account, figures, groups, transfers
from posapp.hq.wecom.callback import PATH
from posapp.hq.wecom.tables import group_member, wecom_event
from posapp.hq.wecom.ways import CHANNELS, read_code
from posapp.ids import seeded_chance
from posapp.keys import HqKeys
from posapp.rules import join_token
from posapp.streams import ClerkCodeRow
from tests.hq.shop import START, on_sqlite, wait_until
from tests.hq.wecom.conftest import AES_KEY, CORP, JOIN_URL, SECRET, TOKEN, Town

ADD = "/cgi-bin/externalcontact/add_contact_way"


def adds(town: Town) -> dict[int, figures.Adds]:
    with town.database.reading() as conn:
        return figures.adds(conn, START - DAY, town.clock.now + DAY)


def made(town: Town) -> int:
    return town.wecom.calls.count(ADD)


def test_hiring_makes_a_code_for_each_channel_with_a_join_token_as_its_state(town: Town, keys: HqKeys) -> None:
    town.hire(1001, "lin")
    ways = town.ways(1001)
    assert {way.channel for way in ways} == set(CHANNELS)
    for way in ways:
        assert len(way.state) == join_token.LENGTH <= 30
        token, body = join_token.read(way.state)
        join_token.check(way.state, body, keys.token_key(1, 0))
        assert (token.store, token.till, token.clerk, token.channel) == (1, 0, 1001, way.channel)
        assert town.wecom.ways[way.config_id].state == way.state
    assert len({way.content for way in ways}) == 3


def test_codes_reach_the_tills_of_the_clerks_store_and_are_gone_when_the_clerk_leaves(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 3: a departed clerk's code cannot be shown, from before WeCom is asked to take it back."""
    shown_then: list[set[int]] = []
    real = Wecom.del_contact_way

    def watched(wecom: Wecom, config_id: str) -> None:
        shown_then.append({clerk for clerk, _ in town.codes()})
        real(wecom, config_id)

    monkeypatch.setattr(Wecom, "del_contact_way", watched)
    town.hire(1001, "lin")
    town.hire(1002, "zhou")
    assert {name for name in town.codes() if name[0] == 1001} == {(1001, channel) for channel in CHANNELS}
    code = town.code(1001)
    assert town.codes()[1001, "badge"] == ClerkCodeRow(1001, "badge", code, 0)
    town.leave(1001)
    town.worker.ways.settle()
    assert shown_then == [{1002}] * 3
    assert {clerk for clerk, _ in town.codes()} == {1002}
    assert all(way.revoked for way in town.ways(1001))
    with pytest.raises(Refused):
        town.wecom.scan(code, "wm-1")


@on_sqlite
def test_a_departed_clerks_code_is_gone_from_the_tills_even_while_wecom_is_away(town: Town) -> None:
    town.hire(1001, "lin")
    town.leave(1001)
    town.wecom.is_away = True
    with pytest.raises(WecomError):
        town.worker.ways.settle()
    assert town.codes() == {}
    town.wecom.is_away = False
    town.worker.ways.settle()
    assert town.wecom.ways == {}


@on_sqlite
def test_a_code_that_was_taken_back_still_names_its_clerk_in_a_late_callback(town: Town) -> None:
    town.hire(1001, "lin")
    town.wecom.hold()
    town.wecom.scan(town.code(1001), "wm-1")
    town.leave(1001)
    town.worker.ways.settle()
    town.wecom.release()
    town.settle()
    assert adds(town)[1001].new == {"badge": 1}


@on_sqlite
def test_a_clerk_who_changes_store_gets_codes_of_the_new_store(town: Town) -> None:
    town.hire(1001, "lin")
    add_store(town.database, town.clock, 2, "梅园店")
    add_clerk(town.database, seeded_chance(1), 1001, "店员1001", "cashier", "739205", "2")
    town.worker.ways.settle()
    assert sorted({(way.store, way.revoked > 0) for way in town.ways(1001)}) == [(1, True), (2, False)]
    assert len(town.codes()) == len(town.wecom.ways) == 3


@pytest.mark.parametrize(("standing", "errcode"), [("is_active", NOT_ACTIVE), ("is_verified", NOT_VERIFIED)])
def test_a_clerk_not_activated_or_verified_gets_the_stores_code_and_the_manager_a_notice(
    town: Town, standing: str, errcode: int
) -> None:
    """Journey J4's branch 未开通: the store's multi-person code, credited to no clerk, until WeCom is opened."""
    town.hire(1001, "lin")
    town.hire(1002, "zhou", **{standing: False})
    own, shown = town.codes()[1001, "badge"], town.codes()[1002, "badge"]
    assert (own.is_store_code, shown.is_store_code) == (0, 1)
    assert own.content != shown.content
    with town.database.reading() as conn:
        assert figures.not_opened(conn) == [{"clerk": 1002, "name": "店员1002", "scope": "store:1", "trouble": errcode}]
    town.wecom.scan(shown.content, "wm-1")
    town.settle()
    assert {clerk: dict(one.new) for clerk, one in adds(town).items()} == {0: {"badge": 1}}
    setattr(town.wecom.members["zhou"], standing, True)
    town.worker.ways.settle()
    assert town.codes()[1002, "badge"].is_store_code == 1  # asked again after an hour
    town.pass_by(HOUR / 1000)
    town.worker.ways.settle()
    assert town.codes()[1002, "badge"].is_store_code == 0
    store_way = town.wecom.ways[next(way.config_id for way in town.ways(0) if way.channel == "badge")]
    assert store_way.users == ["lin", "zhou"]
    with town.database.reading() as conn:
        assert figures.not_opened(conn) == []


@on_sqlite
def test_a_store_whose_clerks_are_all_unopened_shows_no_code(town: Town) -> None:
    town.hire(1001, "lin", is_active=False)
    assert town.codes() == {}
    with town.database.reading() as conn:
        assert [one["clerk"] for one in figures.not_opened(conn)] == [1001]


def test_settling_again_makes_nothing_again(town: Town) -> None:
    town.hire(1001, "lin")
    town.hire(1002, "zhou", is_active=False)
    before = made(town), len(town.wecom.ways)
    for _ in range(3):
        town.worker.look()
    assert (made(town), len(town.wecom.ways)) == before


def test_a_code_of_which_no_answer_came_is_found_again_and_not_made_twice(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HQ is killed, or the line breaks, between WeCom's making a code and HQ's writing its config_id down."""
    real = Wecom.add_contact_way

    def broken(wecom: Wecom, *args: Any, **more: Any) -> tuple[str, str]:
        real(wecom, *args, **more)
        raise WecomError(UNREACHABLE, "add_contact_way")

    monkeypatch.setattr(Wecom, "add_contact_way", broken)
    with pytest.raises(WecomError):
        town.hire(1001, "lin")
    monkeypatch.undo()
    town.pass_by(61)
    town.worker.ways.settle()
    assert len(town.wecom.ways) == 3
    assert {way.config_id for way in town.ways(1001)} == set(town.wecom.ways)
    assert len(town.codes()) == 3


@on_sqlite
def test_the_quota_of_codes_ends_and_what_was_made_is_shown(town: Town) -> None:
    town.wecom.codes_left = 4
    town.hire(1001, "lin")
    with pytest.raises(WecomError) as error:
        town.hire(1002, "zhou")
    assert error.value.errcode == CODES_USED_UP
    assert len(town.codes()) == 4
    assert town.wecom.codes_left == 0


@on_sqlite
def test_the_access_token_is_kept_and_fetched_anew_when_void_or_old(town: Town) -> None:
    def fetched() -> int:
        return town.wecom.calls.count("/cgi-bin/gettoken")

    def asked() -> int:
        return sum(path.endswith("customer_acquisition_quota") for path in town.wecom.calls)

    town.hire(1001, "lin")
    assert fetched() == 1
    town.wecom.expire_tokens()  # 40014
    town.worker.wecom.acquisition_quota()
    assert (fetched(), asked()) == (2, 2)
    town.pass_by(7300)  # known to be old: not tried in vain
    town.worker.wecom.acquisition_quota()
    assert (fetched(), asked()) == (3, 3)


@on_sqlite
def test_an_error_names_neither_secret_nor_token(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    """requests writes the whole URL, with both in it, into what it raises."""
    dead = Wecom("http://127.0.0.1:9", CORP, SECRET, town.clock)
    with pytest.raises(WecomError) as error:
        dead.acquisition_quota()
    told: BaseException | None = error.value
    while told is not None:
        assert SECRET not in repr(told) + str(told)
        told = told.__cause__ or told.__context__
    town.wecom.is_away = True
    with pytest.raises(WecomError):
        town.hire(1001, "lin")
    town.wecom.add("lin", "wm-1")
    wait_until(lambda: bool(town.rows(wecom_event)))
    town.pass_by(20)
    town.worker.wake()
    wait_until(lambda: bool(town.changes("wm-1")))
    assert SECRET not in caplog.text
    assert "access_token" not in caplog.text


def test_a_departed_clerks_customers_are_handed_over_and_the_credit_stays(town: Town) -> None:
    """J4: clerk leaves, codes are revoked, customers transferred, credit kept."""
    town.hire(1001, "lin")
    town.hire(1002, "zhou")
    for n in range(3):
        town.wecom.scan(town.code(1001), f"wm-{n}")
    town.settle()
    town.leave(1001)
    town.worker.ways.settle()
    asked = transfers.transfer(town.database, town.clock, town.worker.wecom, 1001, 1002)
    assert (asked.moving, asked.refused) == (3, {})
    assert any(path.endswith("resigned/transfer_customer") for path in town.wecom.calls)
    town.pass_by(86_400)
    town.wecom.take_over("wm-0")  # by the interface: no callback
    town.wecom.take_over("wm-1", told=True)
    town.wecom.refuse_transfer("wm-2")
    town.settle()
    town.worker.look()
    for customer in ("wm-0", "wm-1"):
        old, new = town.relation(customer, "lin"), town.relation(customer, "zhou")
        assert (old.state, new.state, new.clerk, new.channel) == ("moved", "added", 1001, "badge")
        assert [(row.kind, row.clerk, row.channel) for row in town.changes(customer)] == [
            ("new", 1001, "badge"),
            ("transferred", 1001, "badge"),
        ]
    assert (town.relation("wm-2", "lin").state, town.relation("wm-2", "zhou").state) == ("added", "refused")
    assert [row.reason for row in town.changes("wm-2")] == ["", "customer_refused"]
    assert {clerk: (dict(one.new), one.deleted) for clerk, one in adds(town).items()} == {1001: ({"badge": 3}, 0)}
    assert len(town.wecom.greetings) == 3


@on_sqlite
def test_handing_over_is_asked_in_hundreds_and_says_what_was_refused(town: Town) -> None:
    town.hire(1001, "lin")
    town.hire(1002, "zhou")
    for n in range(120):
        town.wecom.scan(town.code(1001), f"wm-{n:03}")
    town.settle()
    town.wecom.hold()
    town.wecom.customer_deletes("lin", "wm-119")  # not known here yet
    asked = transfers.transfer(town.database, town.clock, town.worker.wecom, 1001, 1002)
    assert (asked.moving, asked.refused) == (119, {84061: 1})
    assert transfers.transfer(town.database, town.clock, town.worker.wecom, 1001, 1002).moving == 0
    for giver, taker, code in ((1001, 1001, "same_clerk"), (1001, 9, "not_found")):
        with pytest.raises(PosError) as error:
            transfers.transfer(town.database, town.clock, town.worker.wecom, giver, taker)
        assert error.value.code == code


def test_when_a_group_is_full_the_same_printed_code_still_works(town: Town) -> None:
    """Row 12: WeCom opens another room, and the city counts on."""
    town.wecom.hire("lin")
    town.wecom.room_size = 2
    first = town.wecom.open_room("柳塘咖啡", "lin")
    town.worker.ways.add_group("上海", "上海咖啡", [first], [1])
    code = town.code(0, "group")
    for n in range(5):
        town.wecom.scan(code, f"wm-{n}")
    town.settle()
    assert len(town.wecom.rooms) == 3
    assert groups.counts(town.database) == {"上海": 5}
    town.pass_by()
    town.wecom.leave_room(first, "wm-0")
    town.settle()
    assert [row.external_userid for row in town.rows(group_member) if row.left] == ["wm-0"]
    assert groups.counts(town.database) == {"上海": 5}


@on_sqlite
def test_the_acquisition_quota_is_noted_when_low_or_gone_and_when_filled_up(town: Town) -> None:
    """获客助手 is paid and runs out: balance_low, balance_exhausted; it can never be the only way."""
    assert groups.quota(town.database) == "ok"
    for balance, state in ((90, "low"), (0, "exhausted")):
        town.pass_by()
        town.wecom.spend_acquisition(balance)
        town.settle()
        assert groups.quota(town.database) == state
    town.worker.look()
    assert groups.quota(town.database) == "exhausted"
    town.wecom.acquisition = (1_000, 1_000)
    town.worker.look()
    assert groups.quota(town.database) == "ok"


@on_sqlite
def test_wecoms_figures_are_asked_for_clerk_by_clerk_and_not_too_early(town: Town) -> None:
    """Asked for several clerks WeCom adds them up, and at night it says 0."""
    town.hire(1001, "lin")
    town.hire(1002, "zhou")
    for n in range(3):
        town.wecom.scan(town.code(1001), f"wm-{n}")
    town.wecom.scan(town.code(1002), "wm-9")
    town.pass_by()
    town.wecom.customer_deletes("lin", "wm-0")
    town.settle()

    def day() -> list[dict[str, Any]]:
        return figures.reconcile(town.database, town.clock, town.worker.wecom, "2026-11-22")

    with pytest.raises(PosError) as error:
        day()
    assert error.value.code == "too_early"
    town.pass_by(2 * 86_400)
    assert day() == [
        {"clerk": 1001, "new": 3, "new_wecom": 3, "deleted": 1, "deleted_wecom": 1},
        {"clerk": 1002, "new": 1, "new_wecom": 1, "deleted": 0, "deleted_wecom": 0},
    ]
    town.wecom.added["zhou"] += 1
    assert day()[1]["new_wecom"] == 2


@pytest.mark.parametrize("text", ["", "no address", "ftp://x/y", "https://x/" + "a" * 300])
def test_a_picture_without_one_web_address_is_no_code(text: str, tmp_path: Path) -> None:
    picture = tmp_path / "code.png"
    if text:
        qrcode.make(text).save(picture)
    else:
        picture.write_bytes(b"not a picture")
    with pytest.raises(WecomError):
        read_code(picture.read_bytes())


# --- the command line ---


@on_sqlite
def test_the_server_as_a_process_of_its_own_proves_its_address_when_an_account_is_set(town: Town, desk: Desk) -> None:
    command = [sys.executable, "-m", "posapp.hq", "serve", "--port", "0", "--data", str(desk.folder)]
    for is_set in (False, True):
        if is_set:
            assert desk.set_up(town.wecom.url)[0] == 0
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            town.wecom.hq = process.stdout.readline().split()[-1] + PATH
            assert town.wecom.prove() is is_set
            assert requests.get(town.wecom.hq, timeout=10).status_code == (400 if is_set else 404)
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.communicate(timeout=60)[1] == ""


class Desk:
    """HQ's commands on the database of the test, with the account in its folder."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.capture, self.monkeypatch = folder, capture, monkeypatch

    def run(self, *words: str, lines: str = "") -> tuple[int, str, str]:
        self.monkeypatch.setattr("sys.stdin", io.StringIO(lines))
        self.capture.readouterr()
        status = commands.main([*words, "--data", str(self.folder)])
        told = self.capture.readouterr()
        return status, told.out.strip(), told.err.strip()

    def set_up(self, url: str) -> tuple[int, str, str]:
        words = ("wecom", "set", "--corp", CORP, "--join-url", JOIN_URL, "--url", url)
        return self.run(*words, lines=f"{SECRET}\n{TOKEN}\n{AES_KEY}\n")


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path / "desk", capsys, monkeypatch)


@on_sqlite
def test_the_commands_from_setting_up_to_handing_over(town: Town, desk: Desk) -> None:
    assert desk.run("wecom", "codes")[:2] == (2, "")
    assert desk.set_up(town.wecom.url) == (0, "", "")
    kept = desk.folder / account.FILE
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert SECRET.encode() in kept.read_bytes()
    assert SECRET.encode() not in b"".join(path.read_bytes() for path in desk.folder.glob("hq.db*"))
    desk.run("store", "add", "1", "柳塘店")
    for number in ("1001", "1002"):
        desk.run("clerk", "add", number, "林", "--role", "cashier", "--pin", "839204", "--store", "1")
    town.wecom.hire("lin")
    town.wecom.hire("zhou", is_active=False)
    assert desk.run("wecom", "hire", "1001", "lin") == (0, "", "")
    assert desk.run("wecom", "hire", "1002", "zhou") == (0, "", "")
    told = json.loads(desk.run("wecom", "status", "--json")[1])
    assert (told["codes"], [one["clerk"] for one in told["not_opened"]]) == (6, [1002])
    assert "未开通" in desk.run("wecom", "status")[1]
    assert desk.run("wecom", "codes") == (0, "6", "")
    assert json.loads(desk.run("wecom", "transfer", "1001", "1002")[1]) == {"moving": 0, "refused": {}}
    room = town.wecom.open_room("咖啡", "lin")
    assert desk.run("wecom", "group", "上海", "上海咖啡", "--chats", room, "--stores", "1") == (0, "", "")
    assert json.loads(desk.run("wecom", "status", "--json")[1])["groups"] == {"上海": 0}


@on_sqlite
def test_what_is_typed_wrong_gets_a_sentence_and_changes_nothing(town: Town, desk: Desk) -> None:
    words = ["wecom", "set", "--corp", CORP, "--join-url", JOIN_URL]
    lines = f"{SECRET}\n{TOKEN}\n{AES_KEY}\n"
    for more, typed in (
        ([], f"{SECRET}\n{TOKEN}\nshort\n"),
        ([], f"a b\n{TOKEN}\n{AES_KEY}\n"),
        ([], ""),
        (["--greeting", "没有链接"], lines),
        (["--url", "http://wecom.example"], lines),
        (["--join-url", "shop"], lines),
    ):
        status, out, err = desk.run(*words, *more, lines=typed)
        assert (status, out) == (2, "")
        assert len(err) > 5
        assert SECRET not in err
    assert not (desk.folder / account.FILE).exists()
    desk.set_up("http://127.0.0.1:9")
    desk.run("store", "add", "1", "柳塘店")
    desk.run("clerk", "add", "1001", "林", "--role", "cashier", "--pin", "839204")
    assert desk.run("wecom", "hire", "7", "lin")[0] == 2
    assert desk.run("wecom", "hire", "1001", "林")[0] == 2
    assert "连不上企业微信" in desk.run("wecom", "hire", "1001", "lin")[2]
    desk.run("clerk", "add", "1002", "周", "--role", "cashier", "--pin", "839204")
    assert "1001" in desk.run("wecom", "hire", "1002", "lin")[2]
    assert desk.run("wecom", "group", "上海", "咖啡", "--chats", ",", "--stores", "1")[0] == 2
    assert desk.run("wecom", "reconcile", "2020-13-01")[0] == 2

"""Text messages through the server as a process: queued, sent, reported, refused; and no number in plain anywhere."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from posapp.clock import SystemClock
from posapp.hq.columns import metadata
from posapp.hq.database import Database, open_database
from posapp.hq.gateways.sms import SECRETS_FILE, TextSecrets, load_text_secrets
from posapp.hq.gateways.sms_simulator import SmsSimulator
from posapp.hq.texts import codes, outbox
from posapp.hq.texts.tables import text_message
from posapp.hq.texts.templates import TEMPLATES
from posapp.hq.vault import Vault
from posapp.ids import system_chance
from posapp.keys import HqKeys, load_secrets
from tests.hq.shop import on_sqlite, wait_until
from tests.hq.test_commands import Office, server
from tests.hq.texting import OTHER, PHONE, RECEIPT, account

ACCOUNT = account()
SET_UP = ["--secret-id", ACCOUNT.secret_id, "--app-id", ACCOUNT.app_id, "--sign", ACCOUNT.sign]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Says what stands on standard input."""
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text + "\n"))


@pytest.fixture
def office(database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    return Office(tmp_path / "hq", capsys, database_url if "://" in database_url else None)


@pytest.fixture
def provider() -> Iterator[SmsSimulator]:
    made = SmsSimulator(ACCOUNT, SystemClock())
    made.start()
    yield made
    made.close()


def set_up(office: Office, provider: SmsSimulator, typed: Any) -> TextSecrets:
    typed(ACCOUNT.secret_key)
    templates = [word for pair in ACCOUNT.templates.items() for word in ("--template", "=".join(pair))]
    office.good("texts", "set", *SET_UP, *templates, "--base-url", provider.url)
    found = load_text_secrets(office.folder)
    assert found is not None
    return found


@contextmanager
def opened(office: Office, database_url: str) -> Iterator[tuple[Database, Vault]]:
    """The server's database and vault, from a process beside it."""
    keys: HqKeys = load_secrets(office.folder / "hq-keys.json", HqKeys)
    database = open_database(database_url if "://" in database_url else office.folder / "hq.db")
    try:
        yield database, Vault(keys, system_chance)
    finally:
        database.close()


def ask(database: Database, vault: Vault, phone: str, dedupe: str) -> str:
    with database.transaction() as conn:
        values: dict[str, Any] = {
            "template": "e_receipt",
            "values": RECEIPT,
            "dedupe": dedupe,
            "now_ms": SystemClock().now_ms(),
        }
        return outbox.request(conn, vault, phone=phone, **values).what


def states(database: Database) -> list[str]:
    with database.reading() as conn:
        return sorted(conn.scalars(select(text_message.c.state)))


def test_a_whole_run_leaves_no_number_in_plain(
    office: Office, database_url: str, provider: SmsSimulator, typed: Any
) -> None:
    office.good("store", "add", "1", "店")
    secrets = set_up(office, provider, typed)
    provider.blacklist.add("+8613700000001")
    with server(office) as (url, _), opened(office, database_url) as (database, vault):
        provider.callback = f"{url}/v1/texts/{secrets.callback}"
        with database.transaction() as conn:
            now = SystemClock().now_ms()
            codes.send_code(conn, vault, system_chance, phone=PHONE, purpose="join", now_ms=now)
        provider.lost = 1
        for phone in (OTHER, "+8613700000001", "+85261234567"):
            assert ask(database, vault, phone, "t1") == "queued"
        wait_until(lambda: len(provider.arrived) == 3 and "queued" not in states(database))
        provider.deliver()
        wait_until(lambda: states(database) == ["delivered", "delivered", "delivered", "refused"])
        code = provider.inbox(PHONE)[0].split("验证码是")[1][:6]
        codes.check_code(database, vault, phone=PHONE, purpose="join", code=code, now_ms=SystemClock().now_ms())
        provider.reply(OTHER, "R")
        assert ask(database, vault, OTHER, "t2") == "suppressed"
        with database.reading() as conn:
            dump = "".join(repr(conn.execute(table.select()).all()) for table in metadata.sorted_tables).encode()
    status = office.good("texts", "status", "--json").encode()
    told = dump + status + b"".join(path.read_bytes() for path in office.folder.iterdir() if path.is_file())
    assert b"was refused: FailedOperation.PhoneNumberInBlacklist" in told  # the log is among them
    for phone in (PHONE, OTHER, "+8613700000001", "+85261234567"):
        assert phone.removeprefix("+86").encode() not in told
    for secret in (ACCOUNT.secret_key, secrets.callback):
        outside = [path.name for path in office.folder.iterdir() if secret.encode() in path.read_bytes()]
        assert outside == [SECRETS_FILE]
        assert secret.encode() not in dump
    assert ACCOUNT.secret_key.encode() not in status


def test_a_server_killed_while_a_message_is_handed_in_does_not_hand_it_in_again(
    office: Office, database_url: str, provider: SmsSimulator, typed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.good("store", "add", "1", "店")
    set_up(office, provider, typed)
    taken, dead, answer = threading.Event(), threading.Event(), provider.answer

    def slowly(headers: Any, body: bytes) -> Any:
        told = answer(headers, body)
        taken.set()
        dead.wait(60)
        return told

    monkeypatch.setattr(provider, "answer", slowly)
    with opened(office, database_url) as (database, vault):
        with server(office) as (_, process):
            assert ask(database, vault, PHONE, "t1") == "queued"
            assert taken.wait(60)
            process.kill()
            process.wait()
        dead.set()
        monkeypatch.setattr(provider, "answer", answer)
        with server(office):
            # The other sender is at work: what is asked for after it arrives.
            assert ask(database, vault, OTHER, "t1") == "queued"
            wait_until(lambda: len(provider.inbox(OTHER)) == 1)
            wait_until(lambda: states(database) == ["sending", "sent"])
    assert len(provider.inbox(PHONE)) == 1


@on_sqlite
def test_setting_up_and_testing(office: Office, provider: SmsSimulator, typed: Any) -> None:
    assert json.loads(office.good("texts", "status", "--json"))["ready"] is False
    assert "posapp hq texts set" in office.good("texts", "status")
    typed(PHONE)
    assert "短信还没有配置" in office.run("texts", "send-test")[2]
    secrets = set_up(office, provider, typed)
    assert (office.folder / SECRETS_FILE).stat().st_mode & 0o777 == 0o600
    # What is not given stays.
    office.good("texts", "set", "--sign", "示范")
    assert load_text_secrets(office.folder) == secrets
    assert office.run("texts", "set", "--template", "nothing=1")[0] == 2
    assert office.run("texts", "set", "--base-url", "http://sms.example")[0] == 2
    assert load_text_secrets(office.folder) == secrets
    typed("13812345678")
    told = office.good("texts", "send-test")
    assert told.startswith("138****5678 sent 5000:")
    assert len(provider.inbox(PHONE)) == 1
    status = json.loads(office.good("texts", "status", "--json"))
    assert (status["ready"], status["messages"]) == (True, {"sent": 1})
    assert status["templates"]["offer"]["zh"] == "{1} {2} 拒收请回复R"
    for language in ("zh", "en"):
        shown = office.good("texts", "status", "--language", language)
        assert all(name in shown for name in TEMPLATES)
        assert secrets.callback in shown


@on_sqlite
def test_a_number_can_be_put_on_the_list_by_hand(office: Office, provider: SmsSimulator, typed: Any) -> None:
    set_up(office, provider, typed)
    typed("13812345678")
    assert office.good("texts", "suppress") == "138****5678"
    typed("13812345678")
    status, out, err = office.run("texts", "send-test", "--template", "e_receipt")
    assert (status, out, err) == (2, "", "该号码已退订,未发送")
    typed("138")
    assert "手机号不正确" in office.run("texts", "suppress")[2]
    typed("13812345678")
    assert office.run("texts", "send-test", "--template", "nothing")[0] == 2
    assert provider.arrived == []

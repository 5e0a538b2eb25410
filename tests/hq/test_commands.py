"""`posapp hq ...` as people and scripts run it, and the server as a process of its own."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlcipher3.dbapi2 as sqlite
import zxingcpp
from PIL import Image

from posapp.clock import SystemClock
from posapp.hq import commands
from posapp.hq.columns import metadata
from posapp.hq.database import open_database
from tests.hq.shop import Till, on_sqlite, wait_until


class Office:
    """Runs commands on one folder, in this process."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str], url: str | None = None) -> None:
        self.folder = folder
        self.capture = capture
        self.options = ["--data", str(folder), *(["--database", url] if url else [])]

    def run(self, *words: str) -> tuple[int, str, str]:
        self.capture.readouterr()
        status = commands.main([*words, *self.options])
        told = self.capture.readouterr()
        return status, told.out.strip(), told.err.strip()

    def good(self, *words: str) -> str:
        status, out, err = self.run(*words)
        assert (status, err) == (0, ""), (words, err)
        return out


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    return Office(tmp_path / "hq", capsys)


def test_setting_a_shop_up(office: Office, tmp_path: Path) -> None:
    office.good("store", "add", "1", "示范店")
    assert len(office.good("till", "add", "1")) == 11
    told = json.loads(office.good("till", "add", "1", "5", "--json"))
    assert (told["store"], told["till"], len(told["code"])) == (1, 5, 11)
    office.good("clerk", "add", "1001", "张三", "--role", "cashier", "--pin", "839204", "--store", "1")
    office.good("clerk", "off", "1001")
    office.good("set", "1", "cutover_hour", "5")
    office.good("set", "chain", "language", "en")
    goods = tmp_path / "goods.csv"
    goods.write_text("货号,品名,零售价\n1,甲,1\n1,乙,2\n", "utf-8")
    assert "采用 1,拒绝 1" in office.good("import", "products", str(goods), "--dry-run")
    assert json.loads(office.good("import", "products", str(goods), "--json"))["added"] == 1
    assert json.loads(office.good("report", "day", "--store", "1", "--json"))["total"] is None
    assert "示范店" in office.good("report", "day", "--store", "1")
    assert json.loads(office.good("verify", "--json"))["ok"] is True
    assert office.good("verify")
    assert office.good("reproject") == "0"
    office.good("till", "revoke", "1", "5")


def test_the_keys_lie_beside_the_database_and_are_its_owners_only(office: Office) -> None:
    office.good("store", "add", "1", "店")
    keys = office.folder / "hq-keys.json"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert stat.S_IMODE((office.folder / "hq.db").stat().st_mode) == 0o600
    secrets = json.loads(keys.read_text())
    raw = b"".join(path.read_bytes() for path in office.folder.glob("hq.db*"))
    for name in ("certificate", "box", "token"):
        assert secrets[name].encode() not in raw
    # Another HQ's keys, or none, are not taken for this database's.
    keys.unlink()
    status, _, err = office.run("store", "add", "2", "店")
    assert (status, "hq-keys.json" in err) == (1, True)
    assert not keys.exists()


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["store", "add", "0", "店"], 2),
        (["store", "add", "131072", "店"], 2),
        (["store", "add", "x", "店"], 2),
        (["store", "add", "1", ""], 2),
        (["store", "add", "1", "a\x07b"], 2),
        (["till", "add", "9"], 2),
        (["till", "add", "1", "64"], 2),
        (["till", "revoke", "1", "3"], 2),
        (["clerk", "add", "1", "张", "--role", "boss", "--pin", "839204"], 2),
        (["clerk", "add", "1", "张", "--role", "cashier", "--pin", "12345"], 2),
        (["clerk", "add", "1", "张", "--role", "cashier", "--pin", "123456"], 2),
        (["clerk", "add", "1", "张", "--role", "cashier", "--pin", "111111"], 2),
        (["clerk", "add", "1", "张", "--role", "cashier", "--pin", "121212"], 2),
        (["clerk", "add", "1", "张", "--role", "cashier", "--pin", "098765"], 2),
        (["clerk", "add", "1", "张", "--role", "cashier", "--pin", "112233"], 2),
        (["clerk", "add", "1", "张", "--role", "manager", "--pin", "839204"], 2),
        (["clerk", "add", "16384", "张", "--role", "cashier", "--pin", "839204"], 2),
        (["clerk", "add", "1", "张", "--role", "cashier", "--pin", "８３９２０４"], 2),
        (["clerk", "add", "1", "张", "--role", "cashier", "--pin", "839204", "--store", "9"], 2),
        (["clerk", "off", "7"], 2),
        (["set", "1", "colour", "red"], 2),
        (["set", "1", "cutover_hour", "99"], 2),
        (["set", "nowhere", "cutover_hour", "4"], 2),
        (["import", "products", "/nowhere.csv"], 2),
        (["report", "day", "--store", "1", "--date", "soon"], 2),
        (["report", "day", "--store", "9"], 2),
        (["reproject", "--store", "1"], 2),
        (["serve", "--port", "70000"], 2),
        (["serve", "--host", "999.1.1.1"], 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_bad_input_is_one_sentence_and_changes_nothing(office: Office, words: list[str], status: int) -> None:
    office.good("store", "add", "1", "示范店")
    before = _dump(office)
    for language in ("zh", "en"):
        found, out, err = office.run(*words, "--language", language)
        assert (found, out) == (status, "")
        assert len(err.splitlines()) == 1
        assert err.isascii() == (language == "en")
    assert _dump(office) == before


def _dump(office: Office) -> Any:
    database = open_database(office.folder / "hq.db")
    with database.reading() as conn:
        rows = {table.name: conn.execute(table.select()).all() for table in metadata.sorted_tables}
    database.close()
    return rows


def test_an_import_that_takes_nothing_fails(office: Office, tmp_path: Path) -> None:
    goods = tmp_path / "goods.csv"
    goods.write_text("货号,品名,零售价\n,甲,1\n", "utf-8")
    status, out, err = office.run("import", "products", str(goods))
    assert (status, err) == (1, "")
    assert "第 2 行" in out


def test_a_newer_file_a_damaged_file_and_a_database_that_is_away(office: Office, tmp_path: Path) -> None:
    office.good("store", "add", "1", "店")
    connection = sqlite.connect(str(office.folder / "hq.db"))
    connection.execute("UPDATE about SET value = '99' WHERE name = 'schema'")
    connection.commit()
    connection.close()
    assert office.run("verify")[0] == 1
    (office.folder / "hq.db").write_bytes(b"this is no database at all, and it is long enough" * 50)
    for path in office.folder.glob("hq.db-*"):
        path.unlink()
    status, _, err = office.run("verify")
    assert (status, "hq.db" in err) == (1, True)
    for url, wanted in (("postgresql://nobody@/nothing?host=/nowhere", 1), ("mysql://x/y", 2), ("://x", 2)):
        status, out, err = office.run("verify", "--database", url)
        assert (status, out, len(err.splitlines())) == (wanted, "", 1), url
    # A password is not shown.
    err = office.run("verify", "--database", "postgresql://me:secret@127.0.0.1:1/x")[2]
    assert "secret" not in err


def test_verify_names_the_first_broken_entry(office: Office) -> None:
    office.good("store", "add", "1", "店")
    with server(office) as (url, _):
        till = real_till(office, url)
        journal = till.journal()
        for price in (1, 2, 3):
            journal.sale(price)
        assert till.push(journal.jid, journal.entries).status == "ok"
        wait_until(lambda: json.loads(office.good("verify", "--json"))["projected"] == 4)
    connection = sqlite.connect(str(office.folder / "hq.db"))
    connection.execute("UPDATE entry SET body = CAST(replace(body, '1', '7') AS BLOB) WHERE seq = 3")
    connection.commit()
    connection.close()
    status, out, err = office.run("verify", "--json", "--language", "en")
    assert status == 1
    assert json.loads(out)["error"]["seq"] == "3"
    assert f"Entry 3 of journal {journal.jid} is wrong" in err


# --- the server as a process ---


@contextmanager
def server(office: Office, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "posapp.hq", "serve", "--port", "0", *options, *office.options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("posapp hq listening on http://"), (line, process.poll())
        yield line.split()[-1], process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
        assert err == "", err


class Wire(requests.Session):
    """requests, under the face of Starlette's test client."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.trust_env = False

    def request(self, method: Any, path: Any, content: bytes = b"", **options: Any) -> Any:  # type: ignore[override]
        return super().request(method, self.url + path, data=content, timeout=30, **options)

    def post(self, path: Any, content: bytes = b"") -> Any:  # type: ignore[override]
        return self.request("POST", path, content)


def real_till(office: Office, url: str) -> Till:
    till = Till(Wire(url), SystemClock(), 77)
    till.enrol(office.good("till", "add", "1"))
    return till


@pytest.fixture
def any_office(database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    url = database_url if "://" in database_url else None
    return Office(tmp_path / "hq", capsys, url)


def test_a_server_that_is_killed_keeps_what_it_acknowledged(any_office: Office, tmp_path: Path) -> None:
    any_office.good("store", "add", "1", "店")
    ready = tmp_path / "ready"
    with server(any_office, "--ready-file", str(ready)) as (url, process):
        assert ready.read_text().strip() == url
        till = real_till(any_office, url)
        journal = till.journal()
        for n in range(40):
            journal.sale(100 + n)
        acknowledged = 0
        for start in range(0, 21, 3):
            answer = till.push(journal.jid, journal.entries[start : start + 3])
            assert answer.status == "ok"
            acknowledged = answer.seq
        process.kill()
        process.wait()
    with server(any_office) as (url, process):
        till.client = Wire(url)
        assert till.head(journal.jid).seq == acknowledged == 21
        assert till.push(journal.jid, journal.entries).seq == 41
        wait_until(lambda: json.loads(any_office.good("verify", "--json"))["projected"] == 41)
        report = json.loads(any_office.good("report", "day", "--store", "1", "--date", "2026-11-22", "--json"))
        assert (report["sales"], report["total"]) == (40, "47.80")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


@on_sqlite
def test_a_port_that_is_taken_is_told(any_office: Office) -> None:
    any_office.good("store", "add", "1", "店")
    with server(any_office) as (url, _):
        port = url.rpartition(":")[2]
        status, _, err = any_office.run("serve", "--port", port)
        assert (status, port in err) == (1, True)


@on_sqlite
def test_a_simulated_hq_lives_in_the_tills_time(any_office: Office) -> None:
    any_office.good("store", "add", "1", "店")
    any_office.options += ["--clock", "simulated"]
    with server(any_office) as (url, _):
        till = real_till(any_office, url)
        till.hello([], wall=1)
        # The clock the till signs with is the real one here; HQ has gone to it.
        assert abs(till.hello([]).server - SystemClock().now_ms()) < 60_000
        second = Till(Wire(url), SystemClock(), 78)
        second.enrol(any_office.good("till", "add", "1"))


@on_sqlite
def test_logs_name_no_secrets(any_office: Office) -> None:
    any_office.good("store", "add", "1", "店")
    with server(any_office) as (url, _):
        till = real_till(any_office, url)
        journal = till.journal()
        journal.sale(1)
        till.push(journal.jid, journal.entries[1:])
    log = (any_office.folder / "hq.log").read_text()
    assert "gap" in log
    assert till.certificate.signature not in log


CODE = "https://hq.example.cn/j/01J9ZK4T6M8Q2R5V7X9YB3D6F8"


def test_a_stand_card_and_badges_are_drawn(office: Office, tmp_path: Path) -> None:
    office.good("store", "add", "1", "柳塘店")
    for number, name in (("1001", "陈小满"), ("1002", "王一")):
        office.good("clerk", "add", number, name, "--role", "cashier", "--pin", "839204")
    logo = tmp_path / "logo.png"
    Image.new("RGB", (300, 100), "red").save(logo)
    card = tmp_path / "stand.png"
    office.good(
        "sheet", "stand", str(card), "--code", CODE, "--store", "1", "--gift", "送海盐卷", "--picture", str(logo)
    )
    with Image.open(card) as shown:
        assert shown.size == (1240, 1748)
        assert [found.text for found in zxingcpp.read_barcodes(shown)] == [CODE]
    worn = tmp_path / "badge.png"
    office.good("sheet", "badge", str(worn), "--clerk", "1001", "--code", CODE, "--store", "1")
    with Image.open(worn) as shown:
        assert shown.size == (1011, 638)
    for words in (
        ("badge", "--clerk", "1001", "--code", f"{CODE}A", "--clerk", "1002", "--code", f"{CODE}B"),
        ("stand", "--code", CODE, "--size", "A5", "--a4", "--title", "扫码入会"),
    ):
        page = tmp_path / f"{words[0]}.pdf"
        office.good("sheet", words[0], str(page), *words[1:], "--store", "1")
        assert page.read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("stand", "x.png", "--code", "https://例子/"), "二维码内容"),
        (("stand", "x.png", "--code", CODE, "--title", "长" * 61), "名称"),
        (("stand", "x.gif", "--code", CODE), "写法应为"),
        (("stand", "nowhere/x.png", "--code", CODE), "无法写入"),
        (("stand", "x.png", "--code", CODE, "--picture", "none.png"), "没有文件"),
        (("stand", "x.png", "--code", CODE, "--store", "7"), "7"),
        (("badge", "x.png", "--code", CODE, "--clerk", "9"), "9"),
        (("badge", "x.png", "--code", CODE, "--clerk", "1001", "--clerk", "1001"), "写法应为"),
        (("badge", "x.png", *("--code", CODE, "--clerk", "1001") * 11), "写法应为"),
    ],
)
def test_a_sheet_that_cannot_be_drawn_leaves_no_file(
    office: Office, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    office.good("store", "add", "1", "柳塘店")
    office.good("set", "chain", "store_name", "柳塘")
    office.good("clerk", "add", "1001", "陈小满", "--role", "cashier", "--pin", "839204")
    status, out, err = office.run("sheet", words[0], str(tmp_path / words[1]), *words[2:])
    assert (status, out) == (1 if told == "无法写入" else 2, "")
    assert told in err
    assert err.count("\n") == 0
    assert not (tmp_path / words[1]).exists()

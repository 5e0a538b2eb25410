"""The command line as a newcomer meets it: help everywhere, and one sentence for everything that cannot be done."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zxingcpp
from PIL import Image

from tests.crash.processes import ENVIRONMENT, POSAPP, ROOT, Seat, command, open_office, program
from tests.shop import CASHIER, open_chain

BUN = "6900000000011"
COMMANDS = [
    "",
    "demo",
    "script",
    "till",
    "enrol",
    "doctor",
    "verify",
    "backup",
    "restore",
    "hq",
    "hq serve",
    "hq store",
    "hq store add",
    "hq till",
    "hq till add",
    "hq till revoke",
    "hq clerk",
    "hq clerk add",
    "hq clerk off",
    "hq set",
    "hq receipt",
    "hq receipt preview",
    "hq import",
    "hq import products",
    "hq report",
    "hq report day",
    "hq verify",
    "hq reproject",
]
CHINESE = re.compile("[\u4e00-\u9fff]")


def sentence(*words: str | Path) -> str:
    """The one sentence with which a command refuses, in Chinese; it must have an English twin."""
    status, said, told = command(*words)
    assert status not in (0, None)
    check_sentence(told, said)
    assert CHINESE.search(told), told
    english = command(*words, "--language", "en")
    assert english[0] == status
    check_sentence(english[2], english[1])
    assert english[2] != told
    return told


def check_sentence(told: str, said: str) -> None:
    assert said == ""
    assert told.endswith("\n")
    assert len(told.splitlines()) == 1, told
    assert "Traceback" not in told
    assert "Error" not in told


@pytest.fixture(scope="module")
def enrolled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """Folders of a till with articles, clerks and an open shift, whose HQ cannot be reached any more."""
    with open_chain(tmp_path_factory.mktemp("shop")) as chain:
        till = chain.till()
        data, state = till.folder.path, chain.folder / "state1"
        chain.shut(till)
        yield data, state


@pytest.fixture
def till(enrolled: tuple[Path, Path], tmp_path: Path) -> list[str]:
    """Options that name a fresh copy of such a till's folders."""
    data, state = tmp_path / "data", tmp_path / "state"
    shutil.copytree(enrolled[0], data)
    shutil.copytree(enrolled[1], state)
    return ["--data", str(data), "--state", str(state)]


@pytest.fixture
def nobody(tmp_path: Path) -> list[str]:
    """Options that name folders which are not there."""
    return ["--data", str(tmp_path / "new-data"), "--state", str(tmp_path / "new-state")]


@pytest.fixture
def hq(tmp_path: Path) -> list[str]:
    """Options that name HQ's folder, with store 1."""
    folder = str(tmp_path / "hq")
    assert command("hq", "store", "add", "1", "柳塘店", "--data", folder)[0] == 0
    return ["--data", folder]


def script(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "day.script"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def answers(said: str) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in said.splitlines()]


# --- help ---


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_helps(name: str) -> None:
    status, said, told = command(*name.split(), "--help")
    assert (status, told) == (0, "")
    assert f"usage: posapp {name}".strip() in said
    assert len(said.splitlines()) > 4


def test_help_names_every_command() -> None:
    for name in COMMANDS[1:]:
        *parents, last = name.split()
        assert re.search(rf"^    {last}\b", command(*parents, "--help")[1], re.MULTILINE), name


@pytest.mark.parametrize(
    "words",
    [
        ["fly"],
        [],
        ["enrol"],
        ["script", "--clock", "lunar"],
        ["verify", "--language", "fr"],
        ["hq"],
        ["hq", "fly"],
        ["hq", "store"],
        ["hq", "serve", "--port", "high"],
    ],
)
def test_what_cannot_be_parsed_is_told_with_the_usage(words: list[str]) -> None:
    status, said, told = command(*words)
    assert (status, said) == (2, "")
    assert told.startswith("usage: posapp")
    assert "error:" in told.splitlines()[-1]


# --- a computer that is no till ---


@pytest.mark.parametrize("words", ["script", "verify", "backup new.zip", "restore old.zip"])
def test_a_computer_that_is_no_till_is_told_how_to_become_one(words: str, nobody: list[str]) -> None:
    assert "posapp enrol" in sentence(*words.split(), *nobody)
    assert not Path(nobody[1]).exists()


@pytest.mark.parametrize("words", ["script", "verify", "backup new.zip", "restore old.zip"])
def test_data_without_its_keys_is_told(words: str, till: list[str]) -> None:
    shutil.rmtree(till[3])
    assert till[3] in sentence(*words.split(), *till)


def test_damaged_keys_are_told(till: list[str]) -> None:
    (Path(till[3]) / "till-keys.json").write_text('{"database": 7}', "utf-8")
    assert "till-keys.json" in sentence("verify", *till)


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("http://hq.example.com", "http://hq.example.com"),
        ("http://192.168.1.20:8765", "192.168.1.20"),
        ("http://127.0.0.1.example.com", "example.com"),
        ("hq.example.com", "hq.example.com"),
        ("ftp://hq.example.com", "ftp"),
        ("https://", "https"),
        ("https://user:word@hq.example.com", "hq"),
        ("http://[::1", "::1"),
        ("http://127.0.0.1:99999", "99999"),
        ("http://127.0.0.1:1", "127.0.0.1:1"),
    ],
)
def test_only_the_address_of_an_hq_over_a_safe_line_is_taken(url: str, part: str, nobody: list[str]) -> None:
    assert part in sentence("enrol", url, "ABCDE-FGHJK", *nobody)


@pytest.mark.parametrize("code", ["", "ABCDE", "ABCDE-FGHJKX", "ABCDE-FGHU!", "注册码"])
def test_a_code_that_cannot_be_one_is_told_before_hq_is_asked(code: str, nobody: list[str]) -> None:
    assert "注册码" in sentence("enrol", "https://hq.example.com", code, *nobody)
    assert not Path(nobody[1]).exists()


def test_codes_are_good_once_and_a_till_enrols_once(tmp_path: Path, nobody: list[str]) -> None:
    with open_office(tmp_path / "hq") as office:
        assert "注册码" in sentence("enrol", office.url, "AAAAA-AAAAA", *nobody)
        _, said, _ = command("hq", "till", "add", "1", "--data", office.folder)
        code = said.strip()
        assert re.fullmatch(r"[0-9A-Z]{5}-[0-9A-Z]{5}", code)
        assert command("enrol", office.url, code.lower(), *nobody) == (0, "S001T01\n", "")
        assert "S001T01" in sentence("enrol", office.url, code, *nobody)
        other = ["--data", str(tmp_path / "other"), "--state", str(tmp_path / "other-state")]
        assert "用过" in sentence("enrol", office.url, code, *other)


# --- a till ---


def test_two_programs_on_one_folder_are_told(till: list[str], tmp_path: Path) -> None:
    player = Seat(Path(till[1]), Path(till[3])).start("--clock", "simulated")
    try:
        assert player.ask("status")["till"] == "S001T01"
        assert till[1] in sentence("script", script(tmp_path, "status"), *till)
        assert command("verify", *till)[0] == 0
        assert command("backup", tmp_path / "copy", *till)[0] == 0
        assert till[1] in sentence("restore", tmp_path / "copy", *till)
        assert player.ask("status")["ok"]
    finally:
        player.kill()


def test_a_script_that_is_not_there_or_not_text_is_told(till: list[str], tmp_path: Path) -> None:
    assert "nowhere.script" in sentence("script", tmp_path / "nowhere.script", *till)
    assert str(tmp_path) in sentence("script", tmp_path, *till)
    foreign = tmp_path / "gb18030.script"
    foreign.write_bytes("# 早班\nstatus\n".encode("gb18030"))
    assert "gb18030.script" in sentence("script", foreign, *till)


def test_a_script_with_bad_lines_goes_on_and_ends_with_1(till: list[str], tmp_path: Path) -> None:
    lines = [
        "# 一个早上",
        "",
        f"sign-in {' '.join(CASHIER)}  # 登录",
        "fly to the moon",
        "scan 1 2 3",
        'scan "69',
        f"scan {BUN}",
        "   # nothing",
        "pay cash ten",
        "pay cash 10.00",
    ]
    status, said, told = command("script", script(tmp_path, *lines), *till, "--clock", "simulated")
    assert (status, told) == (1, "")
    heard = answers(said)
    assert [answer["ok"] for answer in heard] == [True, False, False, False, True, False, True]
    assert [answer["error"]["code"] for answer in heard if not answer["ok"]] == [
        "unknown_verb",
        "bad_usage",
        "bad_line",
        "bad_amount",
    ]
    assert heard[-1]["change"] == "3.50"


def test_a_script_with_good_lines_ends_with_0(till: list[str], tmp_path: Path) -> None:
    lines = [f"sign-in {' '.join(CASHIER)}", f"scan {BUN}", "pay cash 6.50"]
    status, said, told = command("script", script(tmp_path, *lines), *till)
    assert (status, told, len(said.splitlines())) == (0, "", 3)


@pytest.mark.parametrize(
    "environment", [{"LC_ALL": "C"}, {"LC_ALL": "C.UTF-8"}, {"PYTHONIOENCODING": "utf-8:strict"}], ids=str
)
def test_a_script_from_a_pipe_bears_any_bytes(till: list[str], environment: dict[str, str]) -> None:
    bad = [
        b"scan \xff\xfe",
        b"scan \x00\x01",
        b"\xed\xa0\x80",
        b"recall \xb2\xe2",
        b"park \xb2\xe2",
        b"cash-in 5 \xb2\xe2",
        b"reprint \xff",
        b"price 1 \xff",
    ]
    lines = [f"sign-in {' '.join(CASHIER)}".encode(), f"scan {BUN}".encode(), *bad, b"status", b""]
    done = program("script", *till, stdin=b"\n".join(lines), **environment)
    assert done.stderr == b""
    heard = answers(done.stdout.decode())
    assert [answer["ok"] for answer in heard] == [True, True, *[False] * len(bad), True]
    assert heard[-1]["ticket"] == 1
    assert done.returncode == 1


def test_a_script_whose_reader_goes_away_ends_quietly(till: list[str], tmp_path: Path) -> None:
    file = script(tmp_path, *["status"] * 2000)
    words = [*POSAPP, "script", str(file), *till, "--clock", "simulated"]
    with subprocess.Popen(words, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as reader:
        assert reader.stdout
        assert reader.stderr
        assert reader.stdout.readline()
        reader.stdout.close()
        told = reader.stderr.read()
        assert reader.wait(60) != 0
    assert told == b""


def test_time_is_set_only_under_a_simulated_clock(till: list[str], tmp_path: Path) -> None:
    lines = [
        f"sign-in {' '.join(CASHIER)}",
        "at 2026-12-24T23:30:00+08:00",
        "status",
        f"scan {BUN}",
        "pay cash 6.50",
        "at 2026-12-25T03:59",
        "status",
        "at yesterday",
    ]
    file = script(tmp_path, *lines)
    status, said, _ = command("script", file, *till, "--clock", "simulated")
    heard = answers(said)
    assert heard[2]["now"] == "2026-12-24T15:30:00.000Z"
    assert heard[6]["now"] == "2026-12-24T19:59:00.000Z"  # without an offset it is the store's own time
    assert heard[7]["error"]["code"] == "bad_instant"
    assert status == 1
    _, said, _ = command("script", script(tmp_path, "at 2026-12-24T23:30:00+08:00"), *till)
    assert answers(said)[0]["error"]["code"] == "clock_not_simulated"


def test_an_instant_set_after_a_sync_is_that_instant_to_the_millisecond(tmp_path: Path) -> None:
    with open_office(tmp_path / "hq", "--clock", "simulated") as office:
        player = office.enrol(1, tmp_path).start("--clock", "simulated")
        try:
            player.ask("at 2027-01-01T00:00:00.777+08:00")
            player.sync()
            player.ask("at 2027-01-02T00:00:00+08:00")
            assert player.ask("status")["now"] == "2027-01-01T16:00:00.000Z"
        finally:
            player.kill()


def test_a_doctor_tells_in_lines_and_as_json(till: list[str]) -> None:
    status, said, complained = command("doctor", *till, "--language", "en")
    assert (status, complained) == (1, "")  # its headquarters is gone
    lines = said.splitlines()
    assert [line for line in lines if line.startswith("[broken]")] == [
        line for line in lines if line.startswith("[broken] Headquarters: ")
    ]
    status, told, _ = command("doctor", *till, "--json")
    answer = msgspec.json.decode(told)
    assert (status, answer["ok"]) == (1, False)
    assert [row["name"] for row in answer["findings"] if row["state"] == "broken"] == ["hq"]
    assert CHINESE.search(answer["findings"][1]["found"])


def test_a_doctor_looks_at_a_computer_that_is_no_till(nobody: list[str]) -> None:
    status, said, complained = command("doctor", *nobody)
    assert (status, complained) == (1, "")
    assert "posapp enrol" in said
    assert not Path(nobody[1]).exists()


def test_backups_that_cannot_be_are_told(till: list[str], tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("mine", "utf-8")
    assert "taken" in sentence("backup", taken, *till)
    assert taken.read_text("utf-8") == "mine"
    assert "nowhere" in sentence("backup", tmp_path / "nowhere" / "copy", *till)
    assert "taken" in sentence("restore", taken, *till)
    assert "nowhere" in sentence("restore", tmp_path / "nowhere", *till)
    assert "data" in sentence("restore", till[1], *till)


def test_a_till_that_never_ran_is_told(till: list[str], tmp_path: Path) -> None:
    shutil.rmtree(till[1])
    assert "till.db" in sentence("verify", *till)
    assert "till.db" in sentence("backup", tmp_path / "copy", *till)


def test_a_damaged_till_is_told_in_one_sentence(till: list[str], tmp_path: Path) -> None:
    (Path(till[1]) / "till.db").write_bytes(bytes(8192))
    for words in (["verify"], ["script"], ["backup", str(tmp_path / "copy")]):
        done = program(*words, *till)
        assert done.returncode == 2
        check_sentence(done.stderr.decode(), done.stdout.decode())
        assert "till.db" in done.stderr.decode()


def test_a_folder_that_cannot_be_made_is_told(till: list[str], tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("", "utf-8")
    sentence("script", "--data", file / "data", *till[2:])
    sentence("enrol", "https://hq.example.com", "ABCDE-FGHJK", "--data", tmp_path / "new", "--state", file / "state")


def test_a_demo_without_its_script_is_told(tmp_path: Path) -> None:
    assert "nowhere" in sentence("demo", "--script", tmp_path / "nowhere")


# --- HQ ---


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("store add 0 店", "0"),
        ("store add 131072 店", "131072"),
        ("store add one 店", "one"),
        ("store add ２ 店", "２"),
        ("till add 9", "9"),
        ("till add 1 64", "64"),
        ("till add x", "x"),
        ("till revoke 1 5", "S001T05"),
        ("clerk add 1 林 --role boss --pin 739205", "boss"),
        ("clerk add 1 林 --role cashier --pin 123456", "密码"),
        ("clerk add 1 林 --role cashier --pin 73920", "6"),
        ("clerk add 1 林 --role manager --pin 739205", "8"),
        ("clerk add 20000 林 --role cashier --pin 739205", "20000"),
        ("clerk add 1 林 --role cashier --pin 739205 --store 7", "7"),
        ("clerk off 77", "77"),
        ("set 1 colour red", "colour"),
        ("set 1 cutover_hour 25", "25"),
        ("set 8 cutover_hour 4", "8"),
        ("set moon cutover_hour 4", "moon"),
        ("receipt preview 1 receipt.pdf", "FILE.png"),
        ("receipt preview 8 receipt.png", "8"),
        ("receipt preview 1 nowhere/receipt.png", "nowhere"),
        ("import products nowhere.csv", "nowhere.csv"),
        ("report day --store 5", "5"),
        ("report day --store 1 --date yesterday", "yesterday"),
        ("reproject --store 1", "--till"),
        ("serve --port 70000", "70000"),
        ("verify --database mysql://somewhere/db", "postgresql://"),
        ("verify --database postgresql://127.0.0.1:1/none", "127.0.0.1"),
    ],
)
def test_what_hq_cannot_do_is_told(words: str, part: str, hq: list[str]) -> None:
    assert part in sentence("hq", *words.split(), *hq)


def test_hq_draws_a_stores_receipt(hq: list[str], tmp_path: Path) -> None:
    picture = tmp_path / "receipt.png"
    assert command("hq", "set", "1", "receipt_qr", "加入会员|https://hq.example.com/j/1", *hq)[0] == 0
    assert command("hq", "receipt", "preview", "1", picture, "--paper", "58", *hq)[0] == 0
    with Image.open(picture) as image:
        assert image.width == 384
        codes = [found.text for found in zxingcpp.read_barcodes(image.convert("L"))]
    assert "https://hq.example.com/j/1" in codes


def test_a_pin_comes_from_a_pipe_where_there_is_no_terminal(hq: list[str]) -> None:
    words = ["hq", "clerk", "add", "1001", "林", "--role", "cashier", *hq]
    for pin, status in ((b"", 2), (b"123456\n", 2), (b"739205\n", 0)):
        done = program(*words, stdin=pin)
        assert done.returncode == status, done.stderr
        if status:
            check_sentence(done.stderr.decode(), done.stdout.decode())


def test_a_port_that_is_taken_is_told(hq: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert port in sentence("hq", "serve", "--port", port, *hq)


def test_hqs_keys_belong_to_its_database(hq: list[str]) -> None:
    keys = Path(hq[1]) / "hq-keys.json"
    keys.unlink()
    assert "hq-keys.json" in sentence("hq", "verify", *hq)
    assert not keys.exists()
    keys.write_text("{", "utf-8")
    assert "hq-keys.json" in sentence("hq", "verify", *hq)


def test_a_damaged_hq_is_told(hq: list[str]) -> None:
    for name in ("hq.db", "hq.db-wal", "hq.db-shm"):
        (Path(hq[1]) / name).unlink(missing_ok=True)
    (Path(hq[1]) / "hq.db").write_bytes(b"not a database" * 1000)
    done = program("hq", "verify", *hq)
    assert done.returncode == 1
    check_sentence(done.stderr.decode(), done.stdout.decode())


@pytest.mark.parametrize("raw", [b"", b"\x00\x01\x02", b"a,b\n1,2\n", "货号,品名\n".encode("gb18030"), b"PK\x03\x04"])
def test_a_file_that_is_no_catalogue_is_told(raw: bytes, hq: list[str], tmp_path: Path) -> None:
    for name in ("goods.csv", "goods.xlsx", "goods.pdf"):
        file = tmp_path / name
        file.write_bytes(raw)
        assert name in sentence("hq", "import", "products", file, *hq)


def test_hq_in_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("", "utf-8")
    assert str(file) in sentence("hq", "store", "add", "1", "店", "--data", file / "hq")


def test_a_window_without_a_display_is_refused(till: list[str]) -> None:
    done = program("till", *till, DISPLAY="", WAYLAND_DISPLAY="", QT_QPA_PLATFORM="")
    assert (done.returncode, done.stdout) == (2, b"")
    assert "posapp script" in done.stderr.decode()
    assert len(done.stderr.splitlines()) == 1

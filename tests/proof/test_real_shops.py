"""Other people's shops played through the program: a supermarket's catalogue, and a year of two vending machines.

POSAPP_REAL_DATA names the folder that holds the files; they belong to others and are no part of this project.
"""

from __future__ import annotations

import csv
import gzip
import os
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select

from posapp.clock import SystemClock
from posapp.errors import PosError
from posapp.hq import tables as hq_tables
from posapp.ids import system_chance
from posapp.sync.client import over_http
from posapp.till import Till
from tests.crash.processes import ENVIRONMENT, POSAPP, ROOT, Office, Seat, command, open_office, wait_until
from tests.shop import MANAGER

pytestmark = pytest.mark.proof

CATALOGUE = "cn_store_a_products.csv.gz"
PAYMENTS = "cn_vending_2017_machines_A_C.csv.gz"
SIGN_IN = f"sign-in {' '.join(MANAGER)}"
LINES_A_TICKET = 100


@pytest.fixture
def folder() -> Path:
    named = os.environ.get("POSAPP_REAL_DATA")
    if not named:
        pytest.skip("POSAPP_REAL_DATA does not name the folder of the real data")
    return Path(named)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path / "hq", "--clock", "simulated") as opened:
        yield opened


def rows_of(file: Path) -> list[dict[str, str]]:
    with gzip.open(file, "rt", encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text))


def take_over(office: Office, file: Path) -> dict[str, Any]:
    status, said, told = command("hq", "import", "products", file, "--json", "--data", office.folder)
    assert (status, told) == (0, "")
    report: dict[str, Any] = msgspec.json.decode(said)
    return report


def say(capsys: pytest.CaptureFixture[str], text: str) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n{text}\n")


# --- a supermarket's catalogue ---


@pytest.fixture
def catalogue(folder: Path) -> list[dict[str, str]]:
    return rows_of(folder / CATALOGUE)


@pytest.fixture
def stocked(folder: Path, office: Office, tmp_path: Path) -> tuple[dict[str, Any], Seat]:
    """What the import reported, and a till that has pulled the catalogue."""
    file = tmp_path / "products.csv"
    file.write_bytes(gzip.decompress((folder / CATALOGUE).read_bytes()))
    report = take_over(office, file)
    seat = office.enrol(1, tmp_path)
    pull(seat)
    return report, seat


def pull(seat: Seat) -> None:
    """Take in what HQ published."""
    player = seat.start("--clock", "simulated")
    player.sync()
    assert player.end() == 0


def found_by(till: Till, code: str) -> str:
    """The article a code leads to, or the code of the refusal."""
    try:
        return till.articles.find(code, till.journal.now_ms()).id
    except PosError as error:
        return f"<{error.code}>"


def test_every_row_of_a_real_catalogue_is_taken_or_named_and_found_by_its_codes(
    catalogue: list[dict[str, str]], stocked: tuple[dict[str, Any], Seat], capsys: pytest.CaptureFixture[str]
) -> None:
    report, seat = stocked
    say(capsys, f"import: {report['taken']} taken, {len(report['refused'])} refused of {len(catalogue)} rows")
    assert len(catalogue) == 6404
    assert report["taken"] + len(report["refused"]) == 6404
    refused = {row["code"] for row in report["refused"]}
    by_code = {row["货号"]: row for row in catalogue}
    by_own = defaultdict(list)
    for row in catalogue:
        by_own[row["自编码"]].append(row)
    assert len(by_code) == 6404
    till = Till(seat.data, seat.state, SystemClock(), system_chance, over_http())
    seen: Counter[str] = Counter()
    try:
        for code, row in by_code.items():
            wanted = "<no_price>" if Decimal(row["零售价"]) == 0 else code
            assert found_by(till, code) == ("<unknown_code>" if code in refused else wanted), row
            seen["货号"] += 1
            seen["leading zero"] += code.startswith("0")
        for own, rows in by_own.items():
            if not own or (own == rows[0]["货号"] and len(rows) == 1):
                continue
            owner = by_code.get(own) or (rows[0] if len(rows) == 1 else None)
            if owner is None:
                assert found_by(till, own) == "<ambiguous_code>", own
                seen["shared by several"] += 1
                continue
            wanted = "<no_price>" if Decimal(owner["零售价"]) == 0 else owner["货号"]
            assert found_by(till, own) == wanted, own
            others = [row for row in rows if row is not owner]
            seen["another row's 货号"] += len(others) if own in by_code else 0
            seen["自编码"] += 1
    finally:
        till.close()
    say(capsys, f"codes looked up: {dict(seen)}")
    assert seen["another row's 货号"] == 49
    assert seen["leading zero"] == 371


def test_all_weighed_goods_of_a_real_catalogue_are_sold_by_weight(
    catalogue: list[dict[str, str]], stocked: tuple[dict[str, Any], Seat], capsys: pytest.CaptureFixture[str]
) -> None:
    _, seat = stocked
    weighed = [row for row in catalogue if row["计价方式"] == "计重"]
    assert len(weighed) == 216
    sold, unpriced = 0, 0
    with seat.selling("--clock", "simulated") as player:
        total = Decimal(0)
        for number, row in enumerate(weighed, 1):
            weight, price = Decimal(number * 37 % 4999 + 1) / 1000, Decimal(row["零售价"])
            answer = player.answer(f"scan {weight}*{row['货号']}")
            if price == 0:
                assert answer["error"]["code"] == "no_price"
                unpriced += 1
                continue
            assert answer["ok"], answer
            amount = (weight * price).quantize(Decimal("0.01"), ROUND_HALF_UP)
            assert (answer["code"], Decimal(answer["qty"]), Decimal(answer["amount"])) == (row["货号"], weight, amount)
            total += amount
            sold += 1
            if sold % LINES_A_TICKET == 0:
                assert player.ask(f"pay cash {total}")["total"] == str(total)
                total = Decimal(0)
        assert player.ask(f"pay cash {total}")["total"] == str(total)
        refusal = player.answer(f"scan {weighed[0]['货号']}")
        assert refusal["error"]["code"] == "needs_weight"
        player.sync()
    say(capsys, f"weighed goods: {sold} sold, {unpriced} without a price refused")
    assert sold + unpriced == 216


# --- a year of two vending machines ---


def test_a_year_of_real_payments_comes_to_the_same_totals_a_machine_and_day(
    folder: Path, office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    payments = rows_of(folder / PAYMENTS)
    for row in payments:
        if not row["支付时间"]:
            say(capsys, f"left out, it has no time: {row}")
    timed = sorted((row for row in payments if row["支付时间"]), key=lambda row: row["支付时间"])
    assert len(payments) - len(timed) == 1
    book: dict[str, tuple[str, str]] = {}  # an article's own code and price here
    for row in timed:
        book.setdefault(row["商品"], (f"V{len(book) + 1:05d}", row["实际金额"]))
    goods = tmp_path / "goods.csv"
    with goods.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(["货号", "品名", "单位", "零售价", "税率"])
        # A price of 0 would mean "not priced yet"; such an article is priced at the till every time.
        for name, (code, price) in book.items():
            writer.writerow([code, name, "件", price if Decimal(price) else "1.00", "13%"])
    assert take_over(office, goods)["taken"] == len(book)
    assert command("hq", "set", "1", "cutover_hour", "0", "--data", office.folder)[0] == 0

    started = time.perf_counter()
    machines = {"A": 1, "C": 2}
    running = {}
    for machine, number in machines.items():
        seat = office.enrol(number, tmp_path)
        pull(seat)
        script = tmp_path / f"{machine}.script"
        script.write_text(
            "\n".join(lines_of([row for row in timed if row["地点"] == machine], book)) + "\n", encoding="utf-8"
        )
        with (tmp_path / f"{machine}.out").open("wb") as out:
            words = [*POSAPP, "script", str(script), *seat.folders, "--clock", "simulated"]
            running[machine] = subprocess.Popen(words, cwd=ROOT, env=ENVIRONMENT, stdout=out, stderr=subprocess.STDOUT)
    for machine, process in running.items():
        status = process.wait(3000)
        answers = [msgspec.json.decode(line) for line in (tmp_path / f"{machine}.out").read_bytes().splitlines()]
        assert [answer for answer in answers if not answer["ok"]] == []
        assert status == 0
        assert answers[-1]["unsent"] == 0
        assert sum("receipt" in answer for answer in answers) == sum(row["地点"] == machine for row in timed)
    wait_until(office.settled)
    seconds = time.perf_counter() - started

    wanted: dict[tuple[int, str], tuple[int, int]] = {}
    for row in timed:
        key = machines[row["地点"]], row["支付时间"][:10]
        count, fen = wanted.get(key, (0, 0))
        wanted[key] = count + 1, fen + int(Decimal(row["实际金额"]) * 100)
    with office.database.reading() as conn:
        sale = hq_tables.sale.c
        found = {
            (number, date): (count, int(total))
            for number, date, count, total in conn.execute(
                select(sale.till, sale.date, func.count(), func.sum(sale.total)).group_by(sale.till, sale.date)
            )
        }
    assert found == wanted
    assert {date[:4] for _, date in found} == {"2017"}
    money = sum(fen for _, fen in found.values())
    say(
        capsys,
        f"{len(timed)} payments, {len(book)} articles, {len(found)} machine days, {money / 100:.2f} yuan: "
        f"equal to the fen; {seconds:.0f} s",
    )
    for date in sorted({date for _, date in wanted})[::30]:
        _, said, _ = command("hq", "report", "day", "--store", "1", "--date", date, "--json", "--data", office.folder)
        report = msgspec.json.decode(said)
        assert {one["number"]: (one["sales"], one["total"]) for one in report["tills"]} == {
            number: (count, f"{fen / 100:.2f}")
            for number in machines.values()
            for count, fen in [wanted.get((number, date), (0, 0))]
        }
    status, _, told = command("hq", "verify", "--data", office.folder)
    assert (status, told) == (0, "")


def lines_of(payments: list[dict[str, str]], book: dict[str, tuple[str, str]]) -> Iterator[str]:
    """A machine's year as a script: each payment at its time, priced by hand where the book says otherwise."""
    yield "network off"
    yield SIGN_IN
    yield "open-shift 0.00"
    for row in payments:
        code, price = book[row["商品"]]
        yield f"at {row['支付时间'].replace(' ', 'T')}+08:00"
        yield f"scan {code}"
        if row["实际金额"] != price or not Decimal(price):
            yield f"price 1 {Decimal(row['实际金额']):.2f}"
        yield f"pay cash {Decimal(row['实际金额']):.2f}"
    yield "network on"
    yield "sync"

"""The demo shop: HQ as a child process on this computer, two enrolled tills, a day played from a script.

Everything is set up through the same commands a chain uses, from the invented shop in resources/demo.
"""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from drivers.contracts import width, wrap
from posapp.clock import SystemClock
from posapp.errors import PosError
from posapp.ids import system_chance, till_name
from posapp.money import Money
from posapp.quantity import Quantity
from posapp.script import run
from posapp.selling import receipt as receipts
from posapp.selling.payment import KINDS
from posapp.sync.client import over_http
from posapp.sync.enrol import KEYS_FILE, enrol_till
from posapp.till import Till

SHOP = Path(__file__).parent.parent / "resources" / "demo"
READY_S = 60


class Store(msgspec.Struct):
    number: int
    name: str
    address: str = ""


class Place(msgspec.Struct):
    store: int
    number: int


class Clerk(msgspec.Struct):
    number: int
    name: str
    role: str
    pin: str


class Shop(msgspec.Struct):
    """resources/demo/shop.json."""

    chain: dict[str, str]
    stores: list[Store]
    tills: list[Place]
    clerks: list[Clerk]
    settings: dict[str, str]


_WORDS = {
    "preparing": ("正在准备示范店 ...", "Preparing the demo shop ..."),
    "till": ("收银台 {till} 正在演示 {script}", "Till {till} plays {script}"),
    "sold": ("  {receipt}  {total:>7}  {tenders}  {goods}", "  {receipt}  {total:>7}  {tenders}  {goods}"),
    "change": ("找零", "change"),
    "told": ("  {message}", "  {message}"),
    "local": (
        "收银台: {sales} 笔,合计 {total},未上传 {unsent} 条",
        "The till: {sales} sales, {total}, {unsent} entries unsent",
    ),
    "hq": ("总部收到: {sales} 笔,合计 {total}", "Headquarters has: {sales} sales, {total}"),
    "same": ("两边一致: 每一笔都到了总部,一笔不多,一笔不少", "Both agree: every sale has arrived, none twice"),
    "differ": ("两边不一致", "They differ"),
}


def play(data: Path | None, script: Path, language: str) -> int:
    """Set the shop up (in a temporary folder unless one is given), play a script, compare with HQ's report."""
    try:
        lines = script.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise PosError("no_such_file", file=str(script)) from None
    with contextlib.ExitStack() as stack:
        folder = data.resolve() if data else Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="posapp-")))
        _say(language, "preparing")
        shop = msgspec.json.decode((SHOP / "shop.json").read_bytes(), type=Shop)
        set_up_hq(folder / "hq", shop)
        url = stack.enter_context(running_hq(folder / "hq"))
        for place in shop.tills:
            _enrol(folder, url, place)
        first = shop.tills[0]
        till = Till(folder / _name(first), folder / f"{_name(first)}-state", SystemClock(), system_chance, over_http())
        stack.callback(till.close)
        till.keys.hq_url = url
        till.sync()
        _say(language, "till", till=till.name, script=script.name)
        run(till, lines, _Answers(till, language))
        till.network(True)
        till.sync()
        return _compare(till, folder / "hq", first, language)


def set_up_hq(folder: Path, shop: Shop) -> None:
    """Stores, clerks, settings and catalogue of the demo, through HQ's own commands; nothing if it is there."""
    if (folder / "hq-keys.json").exists():
        return
    for store in shop.stores:
        _hq(folder, "store", "add", str(store.number), store.name)
        _hq(folder, "set", str(store.number), "store_name", store.name)
    for key, value in shop.settings.items():
        _hq(folder, "set", "chain", key, value)
    for clerk in shop.clerks:
        _hq(folder, "clerk", "add", str(clerk.number), clerk.name, "--role", clerk.role, "--pin", clerk.pin)
    _hq(folder, "import", "products", str(SHOP / "products.csv"))
    _hq(folder, "import", "tiles", str(SHOP / "tiles.csv"))
    for store in shop.stores:
        _hq(folder, "tiles", "best", "--store", str(store.number))
    _hq(folder, "notice", "add", str(SHOP / "pictures" / "coffee.png"), "--caption", "现磨咖啡 第二杯半价")


def _hq(folder: Path, *words: str) -> Any:
    """Run an hq command in this process; what it printed, as JSON where it is."""
    from posapp.hq.commands import main

    out, told = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(told):
        status = main([*words, "--data", str(folder)])
    if status:
        raise RuntimeError(f"hq {' '.join(words[:2])}: {told.getvalue().strip()}")
    try:
        return msgspec.json.decode(out.getvalue())
    except msgspec.DecodeError:
        return out.getvalue()


@contextlib.contextmanager
def running_hq(folder: Path) -> Iterator[str]:
    """HQ as a child process on a free port of this computer; its address once it answers."""
    command = [sys.executable, "-m", "posapp", "hq", "serve", "--port", "0", "--data", str(folder)]
    with (folder / "hq.log").open("ab") as log, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log) as child:
        assert child.stdout
        give_up = threading.Timer(READY_S, child.kill)
        give_up.start()
        line = child.stdout.readline().decode()
        give_up.cancel()
        try:
            if "http://" not in line:
                raise PosError("hq_unreachable", url=str(folder / "hq.log"))
            yield "http://" + line.split("http://")[1].strip()
        finally:
            child.terminate()


def _name(place: Place) -> str:
    return till_name(place.store, place.number)


def _enrol(folder: Path, url: str, place: Place) -> None:
    state = folder / f"{_name(place)}-state"
    if not (state / KEYS_FILE).exists():
        code = _hq(folder / "hq", "till", "add", str(place.store), str(place.number), "--json")["code"]
        enrol_till(state, url, code, over_http(), system_chance)


class _Answers(io.StringIO):
    """Shows the script's answers as a person would tell them."""

    def __init__(self, till: Till, language: str) -> None:
        super().__init__()
        self._till = till
        self._language = language

    def write(self, text: str) -> int:
        answer = msgspec.json.decode(text)
        if not answer["ok"]:
            _say(self._language, "told", message=answer["error"]["message"])
        elif answer["verb"] == "pay" and "receipt" in answer:
            sale = receipts.find(self._till.folder, answer["receipt"]).body
            place = 1 if self._language == "en" else 0
            tenders = "+".join(KINDS[tender.kind][place] for tender in sale.tenders)
            if sale.change:
                tenders += f" {_word(self._language, 'change')} {Money(sale.change)}"
            goods = "、".join(f"{line.name} {Quantity(line.qty)}{line.unit}" for line in sale.lines)
            tenders += " " * (16 - width(tenders))
            _say(
                self._language,
                "sold",
                receipt=answer["receipt"],
                total=answer["total"],
                tenders=tenders,
                goods=goods if width(goods) <= 60 else wrap(goods, 58)[0] + "…",
            )
        return len(text)


def _compare(till: Till, hq: Path, place: Place, language: str) -> int:
    report = _hq(hq, "report", "day", "--store", str(place.store), "--json", "--date", till.journal.business_date())
    mine = next(row for row in report["tills"] if row["number"] == place.number)
    sales, total = till.sold_on(till.journal.business_date())
    _say(language, "local", sales=sales, total=total, unsent=till.status().unsent)
    _say(language, "hq", sales=mine["sales"], total=mine["total"])
    is_same = (sales, str(total)) == (mine["sales"], mine["total"])
    _say(language, "same" if is_same else "differ")
    return 0 if is_same else 1


def _word(language: str, key: str) -> str:
    return _WORDS[key][1 if language == "en" else 0]


def _say(language: str, key: str, **values: object) -> None:
    print(_word(language, key).format(**values), flush=True)

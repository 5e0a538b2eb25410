"""The demo shop set up through the same commands a chain uses, from the invented shop in resources/demo.

HQ runs as a child process on this computer; every till of the shop is enrolled with it.
"""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from posapp.clock import Clock
from posapp.errors import PosError
from posapp.ids import system_chance, till_name
from posapp.sync.client import over_http
from posapp.sync.enrol import KEYS_FILE, enrol_till
from posapp.till import Till

RESOURCES = Path(__file__).parents[2] / "resources" / "demo"
READY_S = 60


class Store(msgspec.Struct):
    """settings: of this store alone."""

    number: int
    name: str
    address: str = ""
    settings: dict[str, str] = {}


class Place(msgspec.Struct):
    store: int
    number: int

    @property
    def name(self) -> str:
        return till_name(self.store, self.number)


class Clerk(msgspec.Struct):
    """store: where they work; the whole chain by default."""

    number: int
    name: str
    role: str
    pin: str
    store: str = "chain"


class Shop(msgspec.Struct):
    """resources/demo/shop.json. The first till is the one that a visitor sits at."""

    chain: dict[str, str]
    stores: list[Store]
    tills: list[Place]
    clerks: list[Clerk]
    settings: dict[str, str]


def read_shop() -> Shop:
    return msgspec.json.decode((RESOURCES / "shop.json").read_bytes(), type=Shop)


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that stands: its shop, its folder, HQ's address."""

    shop: Shop
    folder: Path
    url: str

    @property
    def hq(self) -> Path:
        return self.folder / "hq"

    def data(self, place: Place) -> Path:
        return self.folder / place.name

    def state(self, place: Place) -> Path:
        return self.folder / f"{place.name}-state"

    def open(self, place: Place, clock: Clock) -> Till:
        till = Till(self.data(place), self.state(place), clock, system_chance, over_http())
        till.keys.hq_url = self.url
        return till


@contextlib.contextmanager
def standing(data: Path | None) -> Iterator[Demo]:
    """The demo in a folder, a temporary one unless it is given; HQ is stopped at the end."""
    with contextlib.ExitStack() as stack:
        folder = data.resolve() if data else Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="posapp-")))
        shop = read_shop()
        set_up_hq(folder / "hq", shop)
        demo = Demo(shop, folder, stack.enter_context(running_hq(folder / "hq")))
        for place in shop.tills:
            _enrol(demo, place)
        yield demo


def set_up_hq(folder: Path, shop: Shop) -> None:
    """Stores, clerks, settings and catalogue of the demo, through HQ's own commands; nothing if it is there."""
    if (folder / "hq-keys.json").exists():
        return
    for store in shop.stores:
        ask_hq(folder, "store", "add", str(store.number), store.name)
        for key, value in {"store_name": store.name, **store.settings}.items():
            ask_hq(folder, "set", str(store.number), key, value)
    for key, value in shop.settings.items():
        ask_hq(folder, "set", "chain", key, value)
    for clerk in shop.clerks:
        words = ("--role", clerk.role, "--pin", clerk.pin, "--store", clerk.store)
        ask_hq(folder, "clerk", "add", str(clerk.number), clerk.name, *words)
    ask_hq(folder, "import", "products", str(RESOURCES / "products.csv"))
    ask_hq(folder, "import", "tiles", str(RESOURCES / "tiles.csv"))
    for store in shop.stores:
        ask_hq(folder, "tiles", "best", "--store", str(store.number))
    ask_hq(folder, "notice", "add", str(RESOURCES / "pictures" / "coffee.png"), "--caption", "现磨咖啡 第二杯半价")


def ask_hq(folder: Path, *words: str) -> Any:
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


def _enrol(demo: Demo, place: Place) -> None:
    state = demo.state(place)
    if not (state / KEYS_FILE).exists():
        code = ask_hq(demo.hq, "till", "add", str(place.store), str(place.number), "--json")["code"]
        enrol_till(state, demo.url, code, over_http(), system_chance)

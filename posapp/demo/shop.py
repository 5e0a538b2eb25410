"""The demo shop set up through the same commands a chain uses, from the invented shop in resources/demo.

HQ runs as a child process on this computer; every till of the shop is enrolled with it. Its members are invented, and
their numbers begin with 154, which no network has.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import datetime as dt
import functools
import io
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from posapp.clock import Clock, SystemClock, local
from posapp.errors import PosError
from posapp.ids import system_chance, till_name
from posapp.sync.client import over_http
from posapp.sync.enrol import KEYS_FILE, enrol_till
from posapp.till import Till

RESOURCES = Path(__file__).parents[2] / "resources" / "demo"
READY_S = 60
LOOPBACK, EVERYWHERE = "127.0.0.1", "0.0.0.0"  # noqa: S104  (customers' phones reach HQ over the shop's network)
FAR = ("192.0.2.1", 9)
"""Nobody's (RFC 5737): asked which of our addresses leads there, and sent nothing."""

BROWSED_AGO = 2
"""The night after it what was looked at stands beside what was bought."""

ZONE, CUTOVER_HOUR = "Asia/Shanghai", 4
"""Of the demo's stores: what a store has that sets nothing else."""


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


class User(msgspec.Struct):
    """Somebody at HQ's console."""

    name: str
    role: str
    password: str
    store: str = ""


class Shop(msgspec.Struct):
    """resources/demo/shop.json. The first till is the one that a visitor sits at.

    members: hq's own commands that say what members and joining are in this chain, {-12} being twelve days ago;
    looked_after: those about its members by name; past: those of so many days ago; today: those that stand at the end
    of its past. answers: by category, to what customers said, but for what was said last. console: who sits at HQ's.
    """

    chain: dict[str, str]
    stores: list[Store]
    tills: list[Place]
    clerks: list[Clerk]
    settings: dict[str, str]
    members: list[list[str]]
    looked_after: list[list[str]] = []
    past: dict[int, list[list[str]]] = {}
    today: list[list[str]] = []
    answers: dict[str, str] = {}
    console: list[User] = []


def read_shop() -> Shop:
    return msgspec.json.decode((RESOURCES / "shop.json").read_bytes(), type=Shop)


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that stands: its shop, its folder, HQ's address for tills and the one for customers' phones."""

    shop: Shop
    folder: Path
    url: str
    address: str

    @property
    def hq(self) -> Path:
        return self.folder / "hq"

    @property
    def console(self) -> str:
        """HQ's boards in a browser."""
        return f"{self.url}/console"

    def data(self, place: Place) -> Path:
        return self.folder / place.name

    def state(self, place: Place) -> Path:
        return self.folder / f"{place.name}-state"

    def open(self, place: Place, clock: Clock) -> Till:
        till = Till(self.data(place), self.state(place), clock, system_chance, over_http())
        till.keys.hq_url = self.url
        return till


Past = Callable[["Demo"], object]
"""Lives through what happened before; HQ's clock follows the tills' meanwhile."""


@contextlib.contextmanager
def standing(data: Path | None, host: str = LOOPBACK, past: Past | None = None) -> Iterator[Demo]:
    """The demo in a folder, a temporary one unless it is given; HQ is stopped at the end.

    host: where this computer's neighbours find HQ; for LOOPBACK nobody but this computer does. past: what the shop
    lives through first.
    """
    with contextlib.ExitStack() as stack:
        folder = data.resolve() if data else Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="posapp-")))
        shop = read_shop()
        set_up_hq(folder / "hq", shop)
        if past:
            with _open(folder, shop, LOOPBACK, "simulated") as demo:
                past(demo)
        yield stack.enter_context(_open(folder, shop, host, "system"))


@contextlib.contextmanager
def _open(folder: Path, shop: Shop, host: str, clock: str) -> Iterator[Demo]:
    listening = LOOPBACK if host == LOOPBACK else EVERYWHERE
    with running_hq(folder / "hq", listening, clock) as port:
        demo = Demo(shop, folder, f"http://{LOOPBACK}:{port}", f"http://{host}:{port}")
        ask_hq(demo.hq, "set", "chain", "join_address", demo.address)
        for place in shop.tills:
            _enrol(demo, place)
        yield demo


def set_up_hq(folder: Path, shop: Shop) -> None:
    """Stores, clerks, settings, catalogue and members, through HQ's own commands; nothing if it is there."""
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
    for command in shop.members:
        ask_hq(folder, *map(dated, command))
    for store in shop.stores:
        _import(folder, f"members-{store.number}.csv", "members", "--store", str(store.number), "--phones-verified")
    _import(folder, "days.csv", "days")
    _import(folder, "spend.csv", "spend")
    _import(folder, "wecom-stats.csv", "wecom-stats")
    for command in shop.looked_after:
        ask_hq(folder, *map(dated, command))
    for user in shop.console:
        _let_in(folder, user)


def dated(text: str) -> str:
    """{-12} is twelve days ago, {+3h} in three hours, {month} this month and {next_month} the next."""
    now = local(SystemClock().now_ms(), ZONE)
    text = text.replace("{month}", f"{now:%m}").replace("{next_month}", f"{now.month % 12 + 1:02d}")
    text = re.sub(r"\{-(\d+)\}", lambda found: str(now.date() - dt.timedelta(days=int(found[1]))), text)
    return re.sub(r"\{([+-]\d+)h\}", lambda found: f"{now + dt.timedelta(hours=int(found[1])):%Y-%m-%dT%H:%M:%S}", text)


def tell(folder: Path, commands: Sequence[Sequence[str]]) -> None:
    """Have HQ told something at the instant that its clock stands at while the past is lived."""
    for command in commands:
        ask_hq(folder, *map(dated, command), "--clock", "simulated")


def tell_browsed(folder: Path) -> None:
    """HQ hears from the shop online what members looked at there, BROWSED_AGO days ago and before."""
    _import(folder, "browsed.csv", "events", "--channel", "mini", "--clock", "simulated")


def tell_today(folder: Path, shop: Shop) -> None:
    """What HQ knows of today by the time somebody comes to look: what members looked at online, what is to be done,
    what was answered."""
    _import(folder, "events.csv", "events", "--channel", "mini")
    for command in shop.today:
        ask_hq(folder, *map(dated, command))
    waiting = sorted(ask_hq(folder, "feedback", "list", "--waiting", "--json"), key=lambda item: str(item["at"]))
    for item in waiting[:-1]:
        ask_hq(folder, "feedback", "answer", item["id"], shop.answers[item["category"]])


def _import(folder: Path, name: str, what: str, *words: str) -> None:
    """Have a file of resources/demo taken over as of today."""
    with tempfile.TemporaryDirectory(prefix="posapp-") as made:
        file = Path(made) / name
        file.write_text(dated((RESOURCES / name).read_text("utf-8")), "utf-8")
        ask_hq(folder, "import", what, str(file), *words)


def _let_in(folder: Path, user: User) -> None:
    """The command reads a password from a pipe."""
    held, sys.stdin = sys.stdin, io.StringIO(user.password)
    try:
        stores = ("--store", user.store) if user.store else ()
        ask_hq(folder, "user", "add", user.name, "--role", user.role, *stores)
    finally:
        sys.stdin = held


def hq_member_codes(folder: Path, cards: Sequence[str]) -> dict[str, str]:
    """The member code that stands on the phone of each, by card."""
    from posapp.hq.members.commands import means_of
    from posapp.hq.members.desk import who_is
    from posapp.hq.members.identity import code_of
    from posapp.hq.office import Office

    asked = argparse.Namespace(data=folder, database=None, clock="system")
    with Office(asked) as office, office.database.reading() as conn:
        means = means_of(office)
        return {card: code_of(conn, means, who_is(conn, means, card)) for card in cards}


def lan_address() -> str:
    """This computer's address in its network, found without sending anything; LOOPBACK where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(FAR)
        except OSError:
            return LOOPBACK
        return str(asked.getsockname()[0])


@functools.cache
def _hq_reader() -> argparse.ArgumentParser:
    """Made once: it takes longer to make than most commands take."""
    from posapp.hq.commands import reader

    return reader()


def ask_hq(folder: Path, *words: str) -> Any:
    """Run an hq command in this process; what it printed, as JSON where it is."""
    from posapp.hq.commands import run

    out, told = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(told):
        status = run(_hq_reader().parse_args(["hq", *words, "--data", str(folder)]))
    if status:
        raise RuntimeError(f"hq {' '.join(words[:2])}: {told.getvalue().strip()}")
    try:
        return msgspec.json.decode(out.getvalue())
    except msgspec.DecodeError:
        return out.getvalue()


def _end_with_parent() -> None:
    """In the child, on Linux: it ends when this program does, however that ends (PR_SET_PDEATHSIG, prctl(2))."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


@contextlib.contextmanager
def running_hq(folder: Path, host: str, clock: str = "system") -> Iterator[int]:
    """HQ as a child process that listens at a host's free port; the port once it answers."""
    command = [sys.executable, "-m", "posapp", "hq", "serve", "--host", host, "--port", "0", "--data", str(folder)]
    command += ["--clock", clock]
    is_linux = sys.platform == "linux"
    ends, group = (_end_with_parent, 0) if is_linux else (None, None)  # a terminal's Ctrl-C is this program's alone
    with (
        (folder / "hq.log").open("ab") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, preexec_fn=ends, process_group=group) as child,
    ):
        assert child.stdout
        give_up = threading.Timer(READY_S, child.kill)
        give_up.start()
        line = child.stdout.readline().decode()
        give_up.cancel()
        try:
            if "http://" not in line:
                raise PosError("hq_unreachable", url=str(folder / "hq.log"))
            yield int(line.rpartition(":")[2])
        finally:
            child.terminate()
            child.wait()  # Popen itself would not wait for long after Ctrl-C


def _enrol(demo: Demo, place: Place) -> None:
    state = demo.state(place)
    if not (state / KEYS_FILE).exists():
        code = ask_hq(demo.hq, "till", "add", str(place.store), str(place.number), "--json")["code"]
        enrol_till(state, demo.url, code, over_http(), system_chance)

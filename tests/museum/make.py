"""Makes the museum piece of today's program: `python -m tests.museum.make` writes tests/museum/<version>/.

A till lives a day on which every kind of entry is written, is copied, and parts from its copy, all from one seed and
a clock of its own. What lies here was written by the program of that version and is never written again: later
programs read it (design.md 6).
"""

from __future__ import annotations

import gzip
import shutil
import tempfile
from pathlib import Path

import msgspec
import sqlcipher3.dbapi2 as driver
from sqlalchemy import select

from posapp import db, tables
from posapp.chain import read_header
from posapp.clock import HOUR, MINUTE, SimulatedClock
from posapp.hq.project import project
from posapp.hq.tables import sale as hq_sale
from posapp.ids import unb64u
from posapp.journal import MARK_FILE, entries, epochs
from posapp.keys import save_secrets
from posapp.messages import IncidentSeen
from posapp.streams import Addon, CardRow, ChipRow, HintRow, LeadRow, PackRow, SettingRow, VisitorRow
from posapp.sync.enrol import KEYS_FILE, open_keys
from posapp.till import Till
from posapp.version import VERSION
from posapp.wire import pack_entries
from tests.shop import CASHIER, MANAGER, START, Chain, last, open_chain, play

HERE = Path(__file__).parent
SEED = 1_000_003
BUN, MILK, COOKIE, LIPSTICK, CARD, ICING = (
    "6900000000011",
    "6900000000028",
    "00301",
    "6900000000035",
    "6900000000042",
    "6900000000059",
)
APPROVE = f"approve {' '.join(MANAGER)}"


class JumpingClock(SimulatedClock):
    """A simulated clock whose wall part somebody can set wrong."""

    def __init__(self, now_ms: int) -> None:
        super().__init__(now_ms)
        self.wrong_ms = 0

    def now_ms(self) -> int:
        return super().now_ms() + self.wrong_ms


class Told(msgspec.Struct):
    """What the test of a museum piece compares with, written down by the program that made it."""

    entries: list[str]
    receipts: list[str]
    sales: int
    total: int
    kinds: list[str]
    open_ticket: int
    parked: int
    hq_sales: int
    hq_total: int


def sell(till: Till, *lines: str) -> None:
    """Lines that must all be carried out."""
    for line, answer in zip(lines, play(till, *lines), strict=True):
        assert answer["ok"], (line, answer)


def every_kind(chain: Chain) -> tuple[Path, Path]:
    """A till's folders after a day with every kind of entry, two parted journals, an open and a parked ticket."""
    clock = JumpingClock(START)
    data, state = chain.enrol(1)
    till = chain.open(data, state, clock=clock)
    till.sync()
    sell(till, f"sign-in {' '.join(CASHIER)}", "open-shift 200.00")
    _morning(chain, till, clock)
    chain.shut(till)
    copy, copy_state = chain.folder / "copy", chain.folder / "copy-state"
    shutil.copytree(data, copy)
    shutil.copytree(state, copy_state)
    _part(chain, till.name, (copy, copy_state), (data, state), clock)
    return data, state


def _morning(chain: Chain, till: Till, clock: JumpingClock) -> None:
    sell(till, f"scan 2*{BUN}", "pay cash 20.00")
    sell(till, f"scan {LIPSTICK}", f"scan 0.536*{COOKIE}", "pay card 50.00 308417", "pay cash 100.00")
    play(till, f"scan {LIPSTICK}", "discount 1 30%")
    sell(till, APPROVE, f"scan {ICING}", "price 2 45.00", "discount all 5%", "pay cash 200.00")
    sell(till, "scan 2200301004280", "scan 2100301015906", f"scan {MILK}", "void 2", "pay cash 50.00")
    sell(till, f"scan {CARD}", f"scan {BUN}", "cancel")
    play(till, "cash-out 5.00 快递费")
    sell(till, APPROVE, "cash-in 20.00 零钱")
    play(till, "drawer")
    sell(till, APPROVE)
    play(till, "sign-in 1002 000000")
    sell(till, f"sign-in {' '.join(CASHIER)}")
    receipt = last(till, f"scan {MILK}", "pay cash 12.90")["receipt"]
    sell(till, f"reprint {receipt}")
    chain.publish("settings", {("store:1", "cash_rounding"): SettingRow("10")})
    till.sync()
    clock.set(clock.now_ms() + MINUTE)
    for count in range(1, 9):
        sell(till, f"scan {count}*{MILK}", f"scan 1.25{count}*{COOKIE}", "pay cash 200.00")
    clock.wrong_ms = 40 * MINUTE
    sell(till, f"scan {BUN}", "pay cash 6.50")
    clock.wrong_ms = 0
    till.sync()
    with till.journal.writing() as writing:
        writing.append(IncidentSeen("museum", "一件小事"))
    _since_0_2_0(till)
    _since_0_3_0(chain, till, clock)
    _since_0_4_0(chain, till)
    sell(till, "close-shift 500.00 5*100", "explain-shift 找零时多给了", "open-shift 100.00")


def _since_0_2_0(till: Till) -> None:
    """What earlier programs could not write: payment codes, voids, practice."""
    play(till, f"scan {BUN}", "pay static 6.50")
    receipts = [play(till, APPROVE)[0]["receipt"]]
    receipts += [last(till, f"scan {MILK}", pay)["receipt"] for pay in ("pay static 12.90", "pay cash 20.00")]
    sell(till, f"match {receipts[0]} 4200000123")
    for receipt in receipts[1:]:
        play(till, f"void-sale {receipt} 顾客不要了")
        sell(till, APPROVE)
    sell(till, "training on", "open-shift 100.00", f"scan {BUN}", "pay cash 10.00", "training off")


def _since_0_3_0(chain: Chain, till: Till, clock: JumpingClock) -> None:
    """What earlier programs could not write: members, joining, wishes."""
    choices = [("sweet", "偏甜", "sweet"), ("plain", "原味", "plain")]
    chain.publish("chips", {("chain", "taste"): ChipRow(("口味", "Taste"), choices)})
    chain.publish("packs", {("chain", ICING): PackRow([(BUN, 1000), (MILK, 1000)], 5)})
    till.sync()
    sell(till, "network off", f"scan {BUN}")
    view = till.join_view()
    assert view
    till.join_shown(view)
    clock.set(clock.now_ms() + MINUTE)
    sell(till, "assist 15400000001 --marketing", "note taste sweet", "consent marketing off", "privacy access")
    sell(till, "pay cash 10.00", "text 15400000001 claim", "member 15400000001", f"scan {MILK}", "pay cash 20.00")
    sell(till, "member 15400000001", f"scan {ICING}", "pay cash 60.00", "reception", "network on")
    till.sync()


def _since_0_4_0(chain: Chain, till: Till) -> None:
    """What earlier programs could not write: hints, suggestions, tasks, feedback, the clock, figures taken along."""
    sell(till, "member 15400000001")
    guest = till.guest()
    assert guest
    now, today = till.clock.now_ms(), till.journal.business_date()
    words = ("好久不见", "Nice to see you")
    chain.publish("hints", {("store:1", guest.ref): HintRow("h1", "dormant", words, made=now, ends=now + HOUR)})
    chain.publish("cards", {("store:1", guest.ref): CardRow(addons=[Addon(MILK, words)], at=now)})
    chain.publish("visitors", {("store:1", f"{today} {guest.ref}"): VisitorRow(today, guest.ref, 1, words)})
    chain.publish("leads", {("store:1", "l1"): LeadRow(guest.ref, words, now + HOUR)})
    till.sync()
    sell(till, f"scan {BUN}", "hint accept", "addons", f"scan {MILK}", "pay cash 50.00")
    sell(till, f"visit {guest.ref} bought", "lead l1 done", "feedback goods 面包再松一点")
    sell(till, "arrive reception", "serve")
    play(till, "export-board 周会")
    sell(till, APPROVE)
    till.sync()


def _part(chain: Chain, name: str, copied: tuple[Path, Path], original: tuple[Path, Path], clock: JumpingClock) -> None:
    """Both folders go on with the same journal; the copy comes first to HQ, the original has to open a new one."""
    clock.set(clock.now_ms() + MINUTE)
    copy = chain.open(*copied, clock=clock)
    sell(copy, f"sign-in {' '.join(CASHIER)}", f"scan {BUN}", "pay cash 10.00")
    copy.sync()
    chain.shut(copy)
    till = chain.open(*original, clock=clock)
    sell(till, f"sign-in {' '.join(CASHIER)}", f"scan {CARD}", "pay cash 50.00", f"scan {MILK}", "void 1")
    sell(till, f"scan 2*{MILK}", "pay card 25.80 308418")
    till.sync()
    assert till.name == name
    sell(till, f"scan {LIPSTICK}", "pay cash 89.00", f"scan {MILK}", "park 王阿姨")
    sell(till, f"scan 0.250*{COOKIE}", f"scan 2*{LIPSTICK}", "discount 2 10%", "pay cash 50.00")
    till.sync()
    chain.shut(till)


def told_of(data: Path, state: Path, chain: Chain) -> tuple[Told, bytes]:
    """What the folder holds, and its entries as they travel."""
    folder = db.Folder(data, unb64u(open_keys(data, state).database), lock=False)
    try:
        with folder.till.reading() as conn:
            held = [entry for head in epochs(conn) for entry in entries(conn, head.epoch, 0)]
            sales = conn.execute(select(tables.sale.c.receipt, tables.sale.c.total)).all()
        with folder.draft.reading() as conn:
            carts = [name for (name,) in conn.execute(select(tables.cart.c.name))]
    finally:
        folder.close()
    with chain.database.reading() as there:
        totals = there.scalars(select(hq_sale.c.total)).all()
    told = Told(
        entries=[entry.hash.hex() for entry in held],
        receipts=[row.receipt for row in sales],
        sales=len(sales),
        total=sum(row.total for row in sales),
        kinds=sorted({read_header(entry.header).t for entry in held}),
        open_ticket=carts.count(""),
        parked=len(carts) - carts.count(""),
        hq_sales=len(totals),
        hq_total=sum(totals),
    )
    return told, pack_entries(held)


def settle(chain: Chain) -> None:
    """Project everything that HQ has accepted."""
    while project(chain.database, chain.clock) != 0:
        pass


def make(target: Path) -> None:
    """Live the day and keep what it leaves behind."""
    with tempfile.TemporaryDirectory() as scratch, open_chain(Path(scratch), seed=SEED) as chain:
        data, state = every_kind(chain)
        settle(chain)
        told, packed = told_of(data, state, chain)
        target.mkdir(parents=True)
        for path in (data / "till.db", data / "feed.db", data / "draft.db", state / MARK_FILE, state / KEYS_FILE):
            shutil.copy(path, target / path.name)
        (target / "entries.msgpack").write_bytes(packed)
        (target / "told.json").write_bytes(msgspec.json.format(msgspec.json.encode(told)) + b"\n")
        save_secrets(target / "hq-keys.json", chain.keys)
        whole = Path(scratch) / "whole.db"
        connection = driver.connect(str(Path(scratch) / "hq.db"))
        connection.execute("VACUUM INTO ?", (str(whole),))
        connection.close()
        with gzip.GzipFile(target / "hq.db.gz", "wb", mtime=0) as file:
            file.write(whole.read_bytes())


if __name__ == "__main__":
    make(HERE / VERSION)

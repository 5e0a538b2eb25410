"""A chain to look at through the console: four stores whose data is of different ages, tickets, members, trouble.

It is written into an HQ folder by real tills in this process, then a real `posapp hq serve` stands on it; its clock
stands still, so that pictures of it are the same every time.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import noto_cjk_sans_otc
import pytest
import requests
import sqlcipher3.dbapi2 as sqlite
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import Text, select

from posapp.clock import DAY, HOUR, MINUTE
from posapp.hq import feed
from posapp.hq.care import experiments, scripts
from posapp.hq.console import users
from posapp.hq.database import open_database
from posapp.hq.flows import plans
from posapp.hq.joining import codes, offers
from posapp.hq.joining.join import Joining, join
from posapp.hq.members.identity import Means
from posapp.hq.members.tables import person
from posapp.hq.people import add_clerk, add_store, set_value
from posapp.hq.rewards import wecom_stats
from posapp.hq.rewards.rewarding import promise
from posapp.hq.rewards.wanted import Rule
from posapp.hq.tables import about, article
from posapp.hq.tasks import leads
from posapp.hq.vault import Vault
from posapp.ids import seeded_chance
from posapp.keys import HqKeys, public_text, save_secrets
from posapp.messages import Consent, FeedbackPosted, GuestServed, JournalOpened, MemberRecognised
from posapp.rules.join_token import Token, make
from posapp.rules.phones import read_phone
from posapp.streams import HookRow
from tests.hq.shop import START, Journal, Shop, TestClock
from tests.stories.phone import QUIET

PASSWORD = "correct horse battery"
PEOPLE = {
    "anna": (users.STORE, ["1"]),
    "berta": (users.REGION, ["1", "2"]),
    "olga": (users.OPERATIONS, []),
    "petra": (users.PRIVACY, []),
    "root": (users.ADMIN, []),
}
STORES = {1: "示范店", 2: "河滨店", 3: "北站店", 4: "新店"}
PHONE, NAME = "13812345678", "张三"
NOW = START + 8 * HOUR
"""When everybody looks."""

TERMS = [Consent("terms", 1, "2026-11", ""), Consent("marketing", 1, "2026-11", "")]


def build(folder: Path) -> None:
    """The chain, as of NOW."""
    folder.mkdir(parents=True, exist_ok=True)
    keys = HqKeys.fresh(seeded_chance(1))
    save_secrets(folder / "hq-keys.json", keys)
    database = open_database(folder / "hq.db")
    clock = TestClock()
    try:
        with Shop(database, keys, clock) as shop:
            with database.transaction() as conn:
                conn.execute(about.insert(), {"name": "hq_key", "value": public_text(keys.certificate_key)})
            _places(shop)
            _sell(shop)
            shop.settle()
            _count(shop, folder)
            for name, (role, stores) in PEOPLE.items():
                users.add_user(database, clock, shop.chance, name, role, stores, PASSWORD, "tests")
    finally:
        database.close()


def _places(shop: Shop) -> None:
    for number, name in STORES.items():
        add_store(shop.database, shop.clock, number, name)
    for number, name, store in ((1001, "王芳", "1"), (1002, "李雷", "1"), (2001, "陈静", "2")):
        add_clerk(shop.database, shop.chance, number, name, "cashier", "482913", store)
    set_value(shop.database, "chain", "join_target", "25")
    with shop.database.transaction() as conn:
        for n, name in enumerate(("玫瑰护手霜", "山茶花面霜", "洋甘菊喷雾"), 1):
            held = {column.name: "" if isinstance(column.type, Text) else 0 for column in article.columns}
            conn.execute(article.insert(), {**held, "scope": feed.CHAIN, "id": f"a{n}", "name": name, "codes": "[]"})
    with shop.database.transaction() as conn:
        promise(conn, "chain", "2026-11-01", Rule(300, 500), shop.clock.now_ms(), "tests")
        promise(conn, "2", "2026-11-01", Rule(200, 700), shop.clock.now_ms(), "tests")
    row = HookRow(
        ("入会立减 {saving}", "Join and save {saving}"), ("扫码即享", "Scan to save"), "display", "guest", [], 0, 0
    )
    offers.add_hook(shop.database, shop.clock, "welcome", row, period=offers.Period(None, None))


def _sell(shop: Shop) -> None:
    """Five days on which guests join; then store 1 is fresh, store 2 ageing, store 3 silent since noon, and store 4 has
    no till. The last day has a conflict and an entry that nobody can read."""
    tills = {number: shop.till(1, store=number) for number in (1, 2, 3)}
    books = {number: till.journal(opened=False) for number, till in tills.items()}
    for number, book in books.items():
        book.effective = START - 5 * DAY
        book.add(JournalOpened("enrol", 1, "A", public_text(tills[number].keys.journal_key), "test 1"))
    regular = ""
    guests = 0
    for day in range(4, -1, -1):
        for number, sales in ((1, 34), (2, 16), (3, 9)):
            for n in range(sales):
                at = START - day * DAY + n * 8 * MINUTE
                place = (number, 6 - day, n)
                joins = n % (5 + number + day % 3) == 2
                regular = _sale(shop, books[number], at, place, joins=joins, guest=guests, regular=regular)
                guests += joins
    lane = books[1]
    lane.void(-1)
    lane.add(FeedbackPosted("f1", "service", "排队有点久"))
    _receive(lane, regular)
    _reach(shop, regular)
    lane.sale(500, total=700)
    lane.add_raw("sale.completed", 99, b'{"n":1}')
    for number, until in ((3, START + 4 * HOUR), (2, NOW - 25 * MINUTE), (1, NOW)):
        shop.clock.now = until
        entries = books[number].entries
        for begin in range(0, len(entries), 100):
            tills[number].push(books[number].jid, entries[begin : begin + 100])
        waits = {"unsent": 2, "oldest_unsent": NOW - 2 * MINUTE} if number == 1 else {}
        tills[number].hello([], wall=until - 9_000, **waits)
    shop.clock.now = NOW


def _receive(lane: Journal, regular: str) -> None:
    """Guests of store 1 who were waited on, every fourth too late, and a member who was recognised."""
    for n in range(40):
        lane.add(GuestServed("reception", NOW - HOUR, NOW - HOUR + (4 if n % 4 == 3 else 1) * MINUTE))
    lane.add(MemberRecognised(regular, "phone", "slice"))


def _count(shop: Shop, folder: Path) -> None:
    """What WeCom counted of two stores, and words that are tried against each other with a holdout of a few."""
    path = folder / "wecom.csv"
    path.write_text(
        "日期,门店编号,会话数,已回复,1小时内回复,群成员数,活跃成员\n2026-11-20,1,40,38,33,200,50\n2026-11-20,2,20,20,19,80,12\n",
        "utf-8",
    )
    wecom_stats.import_stats(shop.database, path)
    for text in ("久违{days}天", "想念{days}天"):
        version = scripts.draft(shop.database, "dormant", f"{text}/{{days}} days", "", "olga", NOW)
        scripts.approve(shop.database, "dormant", version, "berta", NOW)
    experiments.start(shop.database, "autumn", "dormant", [1, 2], 15, NOW - DAY)
    with shop.database.transaction() as conn:
        for root in conn.scalars(select(person.c.ref).where(person.c.ref == person.c.root)).all():
            experiments.arm_of(conn, "dormant", root, NOW)


def _reach(shop: Shop, regular: str) -> None:
    """A flow that sleeps until somebody does, and something to do about the regular."""
    wanted = plans.Wanted(hint="dormant", off="5", gift_name="立减 5 元/5 yuan off", holdout=20)
    plans.add(shop.database, shop.clock, "wake", "沉睡唤醒/Wake the dormant", wanted)
    means = Means(Vault(shop.keys, shop.chance), shop.chance, shop.clock.now_ms())
    with shop.database.transaction() as conn:
        title = ("预留山茶花面霜", "Keep a camellia cream")
        leads.add_lead(conn, means, ref=regular, store=1, title=title, due=NOW + DAY, source="tests")


def _sale(
    shop: Shop, book: Journal, at: int, place: tuple[int, int, int], *, joins: bool, guest: int, regular: str
) -> str:
    """One ticket, of a guest who joins by its code, of the one regular, or of nobody; who the regular is."""
    number, day, n = place
    shop.clock.now = book.effective = at
    book.date, book.clerk = f"2026-11-{16 + day:02d}", 1001 + n % 2 if number == 1 else 2001
    channel = ("display", "display", "receipt", "stand")[n % 4]
    token = Token(number, 1, book.clerk, channel, day * 100 + n + 1, at // DAY, 1)
    who = regular if n % 9 == 4 else ""
    if joins:
        phone, name = (f"139{guest:08d}", "李四") if guest else (PHONE, NAME)
        who = _member(shop, phone, name, make(token, shop.keys.token_key(number, 1)))
    prices = [1280, 990, 3500][: 1 + n % 3]
    kind = "cash" if n % 3 else "card"
    book.sale(*prices, member=who, join=make(token, shop.keys.token_key(number, 1)), kind=kind, opened=at - MINUTE)
    return regular or who


def _member(shop: Shop, phone: str, name: str, code: str) -> str:
    """Somebody who joins by a ticket's code; their id."""
    now = shop.clock.now_ms()
    means = Means(Vault(shop.keys, shop.chance), shop.chance, now)
    with shop.database.transaction() as conn:
        read = codes.read_code(conn, shop.keys, code, now)
        codes.note_open(conn, phone[-4:], read, now)
        asked = Joining(read_phone(phone), TERMS, name, "05-20", code=read, session=phone[-4:])
        done, rows = join(conn, shop.keys, means, asked)
        feed.publish(conn, rows)
    return done.ref


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """HQ as a child process on a folder; its address."""
    command = [
        sys.executable,
        "-m",
        "posapp",
        "hq",
        "serve",
        "--port",
        "0",
        "--data",
        str(folder),
        "--clock",
        "simulated",
    ]
    with (
        (folder / "hq-errors.log").open("ab") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as child,
    ):
        assert child.stdout
        give_up = threading.Timer(60, child.kill)
        give_up.start()
        line = child.stdout.readline().decode()
        give_up.cancel()
        try:
            assert "http://" in line, (folder / "hq-errors.log").read_text()
            yield line.split()[-1]
        finally:
            child.terminate()


@contextlib.contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """The system's Chromium, which draws Chinese with the font we bring."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    fonts = folder / "xdg" / "fonts"
    fonts.mkdir(parents=True, exist_ok=True)
    font = next(Path(noto_cjk_sans_otc.__file__).parent.rglob("NotoSansCJK-Regular.ttc"))
    if not (fonts / font.name).exists():
        (fonts / font.name).symlink_to(font)
    surroundings: dict[str, str | float | bool] = {**os.environ, "XDG_DATA_HOME": str(folder / "xdg")}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIET, env=surroundings)
        yield browser
        browser.close()


def sign_in(page: Page, url: str, name: str, password: str = PASSWORD) -> None:
    """url: of HQ."""
    page.goto(f"{url}/console/sign-in")
    page.fill("[name=name]", name)
    page.fill("[name=password]", password)
    page.click("button")


class House:
    """The chain behind its HQ."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = f"{url}/console"

    def visitor(self, name: str) -> requests.Session:
        """Somebody who is signed in, without a browser."""
        session = requests.Session()
        session.trust_env = False
        form = {"name": name, "password": PASSWORD}
        session.post(
            f"{self.url}/sign-in", data=form, headers={"Origin": self.url.removesuffix("/console")}, timeout=60
        )
        return session

    def page(self, session: requests.Session, path: str) -> str:
        answer = session.get(self.url + path, timeout=60)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    def rows(self, sql: str, *values: object) -> list[Any]:
        with contextlib.closing(sqlite.connect(str(self.folder / "hq.db"))) as conn:
            return list(conn.execute(sql, values))

    def write(self, sql: str, *values: object) -> None:
        """Past HQ, as nobody should."""
        with contextlib.closing(sqlite.connect(str(self.folder / "hq.db"), timeout=60)) as conn:
            conn.execute(sql, values)
            conn.commit()

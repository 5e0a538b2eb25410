"""500 people join on the page at once, on PostgreSQL: none is lost, none counted twice; how long each waits, how many
bytes the page has. Codes come from the simulated provider of text messages."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import re
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from sqlalchemy import select

from posapp.clock import DAY, SystemClock
from posapp.hq.database import Database, open_database
from posapp.hq.gateways.sms import save_text_secrets
from posapp.hq.gateways.sms_simulator import SmsSimulator
from posapp.hq.joining.tables import campaign, claim, given, joined
from posapp.hq.members.tables import benefit, person, person_key, points_entry
from posapp.hq.tables import feed
from posapp.ids import seeded_chance
from posapp.keys import HqKeys, save_secrets
from posapp.rules.join_token import Token, make
from tests import postgres
from tests.benchmarks.bench_ingest import make_durable, run_hq
from tests.benchmarks.measure import note
from tests.benchmarks.servers import serving
from tests.hq.browsing import campaign_row
from tests.hq.texting import account

PEOPLE = 500
SHARED = 50
"""So many tickets are wanted by two people at once; everybody else has one of their own."""

MOST_BYTES = 10_000


@dataclass
class Stage:
    """url: HQ's. provider: where the codes arrive."""

    url: str
    database: Database
    keys: HqKeys
    provider: SmsSimulator


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    if postgres.binaries() is None:
        pytest.skip("no PostgreSQL on this machine")
    with contextlib.ExitStack() as stack:
        socket = stack.enter_context(postgres.cluster())
        make_durable(socket)
        where = stack.enter_context(postgres.fresh_database(socket))
        data = tmp_path / "hq"
        keys = HqKeys.fresh(seeded_chance(1))
        save_secrets(data / "hq-keys.json", keys)
        run_hq(["store", "add", "1", "示范店", "--data", str(data), "--database", where])
        secrets = account()
        provider = SmsSimulator(secrets, SystemClock())
        secrets.base_url = provider.start()
        stack.callback(provider.close)
        save_text_secrets(data, secrets)
        words = ("posapp", "hq", "serve", "--port", "0", "--data", str(data), "--database", where)
        url = stack.enter_context(serving(*words, log=tmp_path / "hq.err"))
        database = open_database(where)
        stack.callback(database.close)
        yield Stage(url, database, keys, provider)


@dataclass
class Visitor:
    """One person with a phone of their own and the code of a ticket. seconds: what each request took."""

    stage: Stage
    phone: str
    code: str
    cookies: dict[str, str] = field(default_factory=dict)
    key: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    bytes: int = 0

    def look(self) -> None:
        self._ask("page", "GET", {})
        found = re.search(r'name="key" value="([^"]+)"', self.answers["page"][1])
        self.key = found[1] if found else ""

    def want_code(self) -> None:
        self._ask("code", "POST", {"action": "code"})

    def join(self) -> None:
        arrived = self.stage.provider.inbox(f"+86{self.phone}")
        word = re.search(r"是(\d{6})", arrived[-1])
        assert word
        boxes = {"adult": "1", "terms": "1", "marketing": "1", "name": "张三"}
        self._ask("join", "POST", {"action": "join", "code": word[1], **boxes})

    def _ask(self, name: str, method: str, form: dict[str, str]) -> None:
        parts = urlsplit(self.stage.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=300)
        # each comes from an address of their own: one address is not let in so often
        address = f"10.{int(self.phone[-6:-3]) % 256}.{int(self.phone[-3:]) % 256}.1"
        headers = {
            "X-Forwarded-For": address,
            "Accept-Encoding": "gzip",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{key}={value}" for key, value in self.cookies.items())
        body = urlencode({"key": self.key, "phone": self.phone, **form}) if form else None
        begun = time.perf_counter()
        connection.request(method, f"/j/{self.code}", body, headers)
        answer = connection.getresponse()
        raw = answer.read()
        self.seconds[name] = time.perf_counter() - begun
        connection.close()
        self.bytes = self.bytes or len(raw)
        text = gzip.decompress(raw) if answer.headers.get("Content-Encoding") == "gzip" else raw
        for line in answer.headers.get_all("Set-Cookie") or []:
            key, _, value = line.partition(";")[0].partition("=")
            self.cookies[key] = value
        self.answers[name] = (answer.status, unescape(text.decode()))


def test_500_people_join_at_once(stage: Stage) -> None:
    with stage.database.transaction() as conn:
        conn.execute(campaign.insert(), campaign_row(10_000))
    today = SystemClock().now_ms() // DAY
    tickets = [number % (PEOPLE - SHARED) for number in range(PEOPLE)]
    codes = [make(Token(1, 1, 7, "display", 1 + n, today, 1), stage.keys.token_key(1, 1)) for n in tickets]
    people = [Visitor(stage, f"138{number:08d}", code) for number, code in enumerate(codes)]
    _together(people, Visitor.look)
    _together(people, Visitor.want_code)
    asked = Counter(visitor.answers["code"][0] for visitor in people)
    _until(lambda: all(stage.provider.inbox(f"+86{visitor.phone}") for visitor in people))
    began = time.perf_counter()
    _together(people, Visitor.join)
    whole = time.perf_counter() - began

    assert asked == {200: PEOPLE}
    assert Counter(visitor.answers["join"][0] for visitor in people) == {200: PEOPLE}
    assert all("入会成功" in visitor.answers["join"][1] for visitor in people)
    assert sum("本单已被关联" in visitor.answers["join"][1] for visitor in people) == SHARED
    with stage.database.reading() as conn:
        counted = {
            table.name: len(conn.execute(select(table)).all()) for table in (joined, person, person_key, benefit)
        }
        assert counted == dict.fromkeys(("joined", "person", "person_key", "benefit"), PEOPLE)
        assert len(conn.execute(select(claim)).all()) == PEOPLE - SHARED
        assert Counter(conn.scalars(select(given.c.campaign))) == {"c1": PEOPLE, "join": PEOPLE}
        assert conn.scalar(select(campaign.c.left)) == 10_000 - PEOPLE
        assert conn.execute(select(points_entry)).all() == []  # nothing was paid yet
        told = conn.scalars(select(feed.c.key).where(feed.c.stream == "joins")).all()
        assert len(told) == len(set(told)) == PEOPLE - SHARED
    assert max(visitor.bytes for visitor in people) < MOST_BYTES
    for name in ("page", "code", "join"):
        taken = sorted(visitor.seconds[name] for visitor in people)
        note(f"{PEOPLE} at once, {name}: p50 {statistics.median(taken):.2f} s, p95 {taken[PEOPLE * 95 // 100]:.2f} s")
    note(f"joins: {PEOPLE / whole:.0f} a second; the page has {people[0].bytes} bytes as sent")


def _together(people: list[Visitor], work: Callable[[Visitor], None]) -> None:
    ready = threading.Barrier(len(people))

    def run(visitor: Visitor) -> None:
        ready.wait()
        work(visitor)

    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(run, people))


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end, "not every code arrived"
        time.sleep(0.05)

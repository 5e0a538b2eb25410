"""The worked example of the metric dictionary (domain.md 6): the day is sold by a real till, its customers join on the
page's own way, and what HQ says is what an independent query says. The six pure pick-ups wait for pick-up orders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from posapp.clock import DAY, HOUR, MINUTE
from posapp.hq.figures import boards
from posapp.rules.dictionary import METRICS, text_of, value_of
from posapp.rules.metrics import Figures
from posapp.till import Till
from tests.joining import follow, joins
from tests.shop import START, Chain, last, open_chain, play
from tests.till.test_members import BUN, code_of

DATE = "2026-11-23"
REGULARS = 3

COUNTS = """
WITH known AS (
    SELECT ref, root, (SELECT min(joined) FROM person AS p WHERE p.root = person.root AND p.joined > 0) AS since
    FROM person
), bought AS (
    SELECT s.event, s.opened, s.paid, s.member, s.total + s.rounding AS net,
        (SELECT since FROM known WHERE ref = s.member) AS since,
        (SELECT count(*) FROM claim AS c JOIN known AS k ON k.ref = c.ref
         WHERE c.sale = s.event AND c.state = 'done' AND s.member = '' AND k.since < s.opened) AS taken,
        (SELECT count(*) FROM joined AS j JOIN claim AS c ON c.stem = j.stem AND c.ref = j.ref
         WHERE c.sale = s.event AND j.at BETWEEN s.opened AND s.paid + 86400000) AS converted
    FROM sale AS s
    WHERE s.store = 1 AND s.date = :date AND s.lines > 0
      AND NOT EXISTS (SELECT 1 FROM refund AS r WHERE r.sale = s.event AND r.kind = 'void' AND r.date = s.date)
)
SELECT
    count(*) AS tickets,
    sum(CASE WHEN net > 0 AND (member = '' OR since >= opened) AND taken = 0 THEN 1 ELSE 0 END) AS walk_ins,
    sum(CASE WHEN net > 0 AND (member = '' OR since >= opened) AND taken = 0 AND converted > 0 THEN 1 ELSE 0 END)
        AS converted
FROM bought
"""
JOINS = """
SELECT count(*) FROM joined WHERE store = 1 AND channel <> 'referral'
    AND at >= :starts AND at < :starts + 86400000
"""


@pytest.fixture
def shop(tmp_path: Path, database_url: str) -> Iterator[Chain]:
    with open_chain(tmp_path, database_url) as chain:
        yield chain


class Queue:
    """Who comes to the counter, one a minute."""

    def __init__(self, chain: Chain, till: Till) -> None:
        self.chain = chain
        self.till = till
        self.people = 0

    def wait(self, ms: int = MINUTE) -> None:
        self.chain.clock.set(self.chain.clock.now_ms() + ms)

    def sells(self) -> str:
        """A ticket of somebody unknown; the code on its receipt."""
        self.wait()
        view = last(self.till, f"scan {BUN}", "join")
        receipt = self.till.join_view("receipt")
        assert receipt
        assert view["ok"]
        assert last(self.till, "pay cash 10")["ok"]
        return receipt.token

    def joins(self, token: str = "") -> None:
        """Somebody new."""
        self.people += 1
        assert joins(self.chain, f"139{self.people:08}", token, session=f"browser {self.people}").is_new

    def settles(self) -> None:
        self.till.sync()
        follow(self.chain)


def sells_the_day(queue: Queue) -> None:
    till, chain = queue.till, queue.chain
    for n in range(REGULARS):
        joins(chain, f"138{n:08}", session=f"regular {n}")
    chain.clock.set(START + 10 * HOUR)
    yesterday = [queue.sells(), queue.sells()]
    queue.settles()
    chain.clock.set(START + DAY)
    receipts = [queue.sells() for _ in range(5 + 4 + 1)]
    for n in range(20):
        queue.wait()
        code = code_of(last(till, f"scan {BUN}", "join"))
        if n % 2:  # the till has them on the ticket before it is paid
            queue.joins(code)
            till.sync()
            assert last(till, "pay cash 10")["ok"]
        else:
            view = till.join_view("display")
            assert view
            till.join_shown(view)
            queue.wait(5_000)
            assert last(till, "pay cash 10")["ok"]
            queue.joins(code)
    for _ in range(90):
        queue.sells()
    till.sync()
    play(till, "training on", *[f"scan {BUN}", "pay cash 10"] * 4, "training off")
    for n in range(90):
        queue.wait()
        play(till, f"scan {BUN}", f"member 138{n % REGULARS:08}")
        assert last(till, "pay cash 10")["ok"]
    queue.settles()
    for n, token in enumerate(receipts[:5]):
        assert not joins(chain, f"138{n % REGULARS:08}", token, session=f"claims {n}").is_new
    for token in [*receipts[5:9], *yesterday]:
        queue.joins(token)
    for _ in range(3):
        queue.joins(till.reception().token)
    queue.settles()
    chain.clock.set(START + 2 * DAY)
    queue.joins(receipts[9])
    queue.settles()


def figures_of(chain: Chain, date: str = DATE) -> Figures:
    with chain.database.reading() as conn:
        return boards.sums(conn, date, date, store=1)


def test_the_worked_example_comes_out_at_hq_and_by_an_independent_query(shop: Chain) -> None:
    queue = Queue(shop, shop.till())
    sells_the_day(queue)
    told = figures_of(shop)
    assert (told.tickets, told.walk_ins, told.joins, told.converted) == (210, 115, 29, 25)
    shown = {name: text_of(METRICS[name].kind, value_of(name, told)) for name in ("join_rate", "conversion")}
    assert shown == {"join_rate": "25.2%", "conversion": "21.7%"}
    with shop.database.reading() as conn:
        counts = conn.execute(text(COUNTS), {"date": DATE}).one()
        starts = START - 4 * HOUR + DAY  # eight in the morning less the four hours to the cut-over
        both = conn.scalar(text(JOINS), {"starts": starts})
    assert tuple(map(int, (counts.tickets, counts.walk_ins, both, counts.converted))) == (210, 115, 29, 25)
    by_channel = {}
    with shop.database.reading() as conn:
        for row in boards.by(conn, "channel", DATE, DATE, store=1):
            by_channel[row.key] = row.figures.joins
    assert by_channel == {"display": 20, "receipt": 6, "reception": 3}
    assert told.shown == 10
    assert figures_of(shop, "2026-11-22").converted == 2

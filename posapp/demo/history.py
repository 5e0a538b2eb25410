"""Four weeks of the demo shop and today until now: its own tills sell with their clocks in the past, and HQ's clock
follows them.

What is sold when follows from resources/demo/history.json, the date and the shop's goods, so that two shops set up on
the same day have the same past. Nothing here is told to HQ by a way of its own: sales come up as any sale does, and
guests join with their own phones on HQ's page.
"""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import heapq
import random  # noqa: TID251  (an invented past)
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

import msgspec
import requests

from posapp.answers import JoinView, PaidView
from posapp.clock import MINUTE, SimulatedClock, SystemClock, business_date
from posapp.demo import errands
from posapp.demo.errands import Errands
from posapp.demo.phone import Phone, PhoneError, Provider, hq_texting
from posapp.demo.shop import (
    BROWSED_AGO,
    CUTOVER_HOUR,
    RESOURCES,
    ZONE,
    Clerk,
    Demo,
    Place,
    hq_member_codes,
    tell,
    tell_browsed,
    tell_today,
)
from posapp.errors import PosError
from posapp.money import Money
from posapp.quantity import Quantity
from posapp.till import Till

DONE_FILE = "history"
"""In the demo's folder once its past is whole and at HQ."""

TRIES = 5
"""So often HQ is asked again that did not answer: the computer may be busy with other things."""

Progress = Callable[[int, int], None]

_NOTES = (1_000, 2_000, 5_000, 10_000)  # fen


class Post(msgspec.Struct):
    """A till's habits: who sits there in turn, its hours, how many sales a usual day has, the float in fen.

    members: percent of the sales in which one of the store's regulars shows a member code. joins: percent of the others
    that join, by clerk in the order of `clerks`.
    """

    store: int
    till: int
    clerks: list[int]
    opens: int
    closes: int
    sales: int
    float: int
    members: int = 0
    joins: list[int] = []


class Habits(msgspec.Struct):
    """resources/demo/history.json. Figures are weights, weekdays (Monday first) are percents of a usual day.

    lines: of tickets with 1, 2 ... lines. categories: by the goods' category. cash: percent of the sales.
    regulars: by store, cards of the members who come again and again. over_and_short: what a drawer may be beyond its
    count, in fen. looks: percent of walk-ins who open the code and leave it at that; receipt: percent of joins that
    happen after paying; personal: percent of them who then agree to suggestions; returns: percent of sales to somebody
    who joined before. voids: permille of the sales that
    are given back at once, void_reason: why. sleepers: by store, cards of members
    long away, of whom one comes in so many permille (wakes) of the sales. names: of those who join, surnames and given
    names. quiet_days: so many at the beginning have only that percent (quiet) of the sales: what is measured over
    thirty days has begun by then.
    """

    seed: int
    days: int
    tills: list[Post]
    weekdays: list[int]
    hours: dict[str, int]
    lines: list[int]
    categories: dict[str, int]
    regulars: dict[int, list[str]]
    cash: int
    over_and_short: list[int]
    looks: int = 0
    receipt: int = 0
    personal: int = 0
    returns: int = 0
    voids: int = 0
    void_reason: str = ""
    sleepers: dict[int, list[str]] = {}
    wakes: int = 0
    names: tuple[str, str] = ("", "")
    quiet_days: int = 0
    quiet: int = 100
    errands: Errands = msgspec.field(default_factory=Errands)

    def sales(self, post: Post, day: dt.date, ago: int) -> float:
        """Of a till on a day so many days ago, about."""
        share = self.quiet if ago > self.days - self.quiet_days else 100
        return post.sales * self.weekdays[day.weekday()] * share / 10_000

    @property
    def whole(self) -> int:
        """Sales of all tills and days, about."""
        usual = sum(self.weekdays) / 7 / 100
        days = self.days - self.quiet_days + self.quiet_days * self.quiet / 100
        return round(sum(post.sales for post in self.tills) * days * usual)


@dataclass(frozen=True, slots=True)
class _Goods:
    """What can be bought, with how readily it is; by store, the codes of the members who buy and of those who hardly
    do."""

    codes: list[str]
    weights: list[float]
    weighed: frozenset[str]
    members: dict[int, list[str]]
    sleepers: dict[int, list[str]]


@dataclass
class _Past:
    """What the whole past is lived with. until: UTC ms at which it becomes the
    present. joined: numbers of the phones that joined, by store."""

    demo: Demo
    habits: Habits
    goods: _Goods
    clock: SimulatedClock
    provider: Provider
    told: Callable[[], None]
    until: int
    today: dt.date
    joined: dict[int, list[str]] = field(default_factory=dict)


def read_habits() -> Habits:
    return msgspec.json.decode((RESOURCES / "history.json").read_bytes(), type=Habits)


def is_done(folder: Path) -> bool:
    return (folder / DONE_FILE).exists()


def fill(demo: Demo, habits: Habits, progress: Progress | None = None) -> int:
    """Live through the past that the demo does not have yet, together with an HQ whose clock is simulated; the number
    of its sales.

    Can be stopped at any moment: what is sold is sold, and the next call goes on with the day after. A folder whose
    past is whole is left alone.
    """
    if is_done(demo.folder):
        return 0
    goods = _read_goods(habits, *(_codes(demo, cards) for cards in (habits.regulars, habits.sleepers)))
    whole = habits.whole
    sold = 0

    def told() -> None:
        nonlocal sold
        sold += 1
        if progress:
            progress(min(sold, whole - 1), whole)

    clock = SimulatedClock()
    now = SystemClock().now_ms()
    today = dt.date.fromisoformat(business_date(now, ZONE, CUTOVER_HOUR))
    with hq_texting(demo.hq, clock) as provider:
        _live(_Past(demo, habits, goods, clock, provider, told, now - MINUTE, today))
    tell_today(demo.hq, demo.shop)
    if progress:
        progress(whole, whole)
    (demo.folder / DONE_FILE).touch()
    return sold


def _live(past: _Past) -> None:
    """All tills' four weeks, day by day. Whatever an interrupted day has left open is closed first."""
    demo, habits, clock, today = past.demo, past.habits, past.clock, past.today
    days = [today - dt.timedelta(days=ago) for ago in range(habits.days, -1, -1)]
    places = [Place(post.store, post.till) for post in habits.tills]
    is_new = not any((demo.data(place) / "till.db").exists() for place in places)
    clock.set(_instant(days[0], min(post.opens for post in habits.tills) * 60 - 20))
    with contextlib.ExitStack() as opened:
        tills = [opened.enter_context(contextlib.closing(demo.open(place, clock))) for place in places]
        if not is_new:
            lived = max(till.journal.head.effective for till in tills)
            clock.set(lived + MINUTE)
            for till, post in zip(tills, habits.tills, strict=True):
                _close_what_is_open(till, demo, post)
            days = [day for day in days if day.isoformat() > business_date(lived, ZONE, CUTOVER_HOUR)]
        for till in tills:
            _patiently(till.sync)
        for day in days:
            ago = (today - day).days
            tell(demo.hq, demo.shop.past.get(ago, []))
            if ago == BROWSED_AGO:
                tell_browsed(demo.hq)
            _together(clock, [_day(past, till, post, day) for till, post in zip(tills, habits.tills, strict=True)])
        clock.set(max(past.until, clock.now_ms()))
        for till in tills:
            _patiently(till.runner.once)
            _patiently(till.runner.once)  # and say that nothing is left


def _patiently(talk: Callable[[], object]) -> None:
    """Talk to HQ, which may be late with its answer. Raises PosError."""
    for left in reversed(range(TRIES)):
        try:
            talk()
        except PosError as error:
            if error.code != "hq_unreachable" or not left:
                raise
        else:
            return


def _together(clock: SimulatedClock, lives: list[Iterator[int]]) -> None:
    """Live several tills' day at once: each says when it goes on, and whoever is next does."""
    waiting = [(at, n, life) for n, life in enumerate(lives) if (at := next(life, 0))]
    heapq.heapify(waiting)
    while waiting:
        at, n, life = heapq.heappop(waiting)
        clock.set(max(at, clock.now_ms() + 1_000))
        if following := next(life, 0):
            heapq.heappush(waiting, (following, n, life))


def _clerk(demo: Demo, number: int) -> Clerk:
    return next(clerk for clerk in demo.shop.clerks if clerk.number == number)


def _instant(day: dt.date, minutes: float) -> int:
    midnight = dt.datetime.combine(day, dt.time(), ZoneInfo(ZONE))
    return int(midnight.timestamp() * 1000) + round(minutes * MINUTE)


def _close_what_is_open(till: Till, demo: Demo, post: Post) -> None:
    if till.shift is None:
        return
    clerk = _clerk(demo, post.clerks[0])
    till.sign_in(str(clerk.number), clerk.pin)
    with contextlib.suppress(PosError):
        till.cancel()
    till.close_shift(Money(till.books.figures().expected))
    till.sign_out()


def _day(past: _Past, till: Till, post: Post, day: dt.date) -> Iterator[int]:
    """From opening to closing: sales at the hours people come, the drawer counted a little wrong now and then. Says
    before each step when it is."""
    habits = past.habits
    chance = random.Random(f"{habits.seed}/{post.store}/{post.till}/{day}")  # noqa: S311
    turn = day.toordinal() % len(post.clerks)
    clerk = _clerk(past.demo, post.clerks[turn])
    opens = _instant(day, post.opens * 60 - 10 + chance.uniform(-5, 5))
    if opens >= past.until:
        return
    yield opens
    till.folder.till.tend()  # as the sync thread does, which these tills have not
    till.sign_in(str(clerk.number), clerk.pin)
    till.open_shift(Money(post.float))
    hours = [int(hour) for hour in habits.hours if post.opens <= int(hour) < post.closes]
    weights = [habits.hours[str(hour)] for hour in hours]
    count = round(habits.sales(post, day, (past.today - day).days) * chance.uniform(0.85, 1.15))
    joins = post.joins[turn] if post.joins else 0
    minutes = sorted(60 * hour + chance.uniform(0, 60) for hour in chance.choices(hours, weights, k=count))
    counter = _Counter(chance)
    for n, minute in enumerate(minutes):
        if _instant(day, minute) >= past.until:
            break
        yield _instant(day, minute)
        serial = f"{day.toordinal() % 1_000:03d}{post.store}{post.till}{n:03d}"
        _Customer(past, till, post, chance, counter, serial).buys(joins)
        past.told()
    errands.see_to(till, habits.errands, chance)
    yield min(_instant(day, post.closes * 60 + chance.uniform(5, 25)), past.until)
    drawer = till.books.figures().expected + chance.choice(habits.over_and_short)
    till.close_shift(Money(drawer))
    till.sign_out()
    _patiently(till.sync)


class _Counter:
    """Spreads a share evenly over those who come, so that no day of few customers is without: the first is due soon."""

    def __init__(self, chance: random.Random) -> None:
        self._share = chance.uniform(0.6, 1.0)

    def is_due(self, percent: int) -> bool:
        self._share += percent / 100
        is_due = self._share >= 1
        self._share -= is_due
        return is_due


class _Customer:
    """One who comes, buys and perhaps joins. Some change their mind about a thing, a few about everything."""

    def __init__(
        self, past: _Past, till: Till, post: Post, chance: random.Random, counter: _Counter, serial: str
    ) -> None:
        self._past, self._till, self._chance, self._counter = past, till, chance, counter
        self._number = f"154{serial}"
        self._mates = past.joined.setdefault(post.store, [])
        self._regulars = post.members
        self._members, self._sleepers = (held.get(post.store, []) for held in (past.goods.members, past.goods.sleepers))

    def buys(self, joins: int) -> None:
        """joins: percent of those whom nobody knows."""
        till, chance, habits = self._till, self._chance, self._past.habits
        errands.receive(till, habits.errands, chance, self._waits)
        who = chance.randrange(100)
        if self._sleepers and chance.randrange(1_000) < habits.wakes:
            till.member(chance.choice(self._sleepers))
            self._answers()
        elif self._members and who < self._regulars:
            till.member(chance.choice(self._members))
        elif self._mates and who < self._regulars + habits.returns:
            with contextlib.suppress(PosError):
                till.member(chance.choice(self._mates))
        self._takes()
        lines = till.ticket().lines
        mood = chance.random()
        if mood < 0.02 and len(lines) > 1:
            till.void(lines[-1].line)
        elif mood < 0.03:
            till.cancel()
            return
        elif mood < 0.05:
            with contextlib.suppress(PosError):  # some goods are never reduced
                till.discount(lines[0].line, "5%")
        self._waits(6_000, 25_000)
        joining = self._joining(joins)
        if joining and not joining[1]:
            self._joins(joining[0])
            _patiently(till.sync)
            till.newcomer()
        paid = self._pays()
        if joining and joining[1] and paid.join:
            self._waits(60_000, 1_200_000)
            self._joins(paid.join)
        elif not joining and paid.receipt and chance.randrange(1_000) < habits.voids:
            self._gives_back(paid.receipt)
        errands.listen(till, habits.errands, chance)

    def _answers(self) -> None:
        """What the cashier does with the hint, if there is one."""
        if self._till.hint():
            answer = self._chance.choices((self._till.accept_hint, self._till.decline_hint, None), (6, 1, 2))[0]
            if answer:
                answer()

    def _takes(self) -> None:
        chance, goods, habits = self._chance, self._past.goods, self._past.habits
        wanted = 1 + chance.choices(range(len(habits.lines)), habits.lines)[0]
        for code in dict.fromkeys(chance.choices(goods.codes, goods.weights, k=wanted)):
            self._waits(1_500, 6_000)
            if code in goods.weighed:
                self._till.scan(f"{Quantity(chance.randrange(120, 1_200))}*{code}")
            else:
                count = chance.choices((1, 2, 3, 4), (80, 14, 4, 2))[0]
                self._till.scan(f"{count}*{code}" if count > 1 else code)

    def _waits(self, least: int, most: int) -> None:
        self._past.clock.set(self._past.clock.now_ms() + self._chance.randrange(least, most))

    def _joining(self, joins: int) -> tuple[JoinView, bool] | None:
        """The code that stood beside the ticket, for who joins by it, and whether they do so after paying."""
        habits, view = self._past.habits, self._till.join_view()
        if view is None:
            return None
        self._till.join_shown(view)
        self._waits(4_000, 9_000)
        if self._counter.is_due(joins):
            return view, self._chance.randrange(100) < habits.receipt
        if self._chance.randrange(100) < habits.looks:
            with contextlib.suppress(requests.RequestException):
                requests.get(view.url, timeout=10)
        return None

    def _joins(self, view: JoinView) -> None:
        _patiently(partial(self._till.runner.once, pulls=False))  # HQ's clock goes by the tills'
        surname, given = (self._chance.choice(letters or "*") for letters in self._past.habits.names)
        phone = Phone(self._number, surname + given, self._past.provider, "zh")
        with contextlib.suppress(PhoneError):  # what the page refuses is no join
            phone.join(view.url, lambda _step: None, Event())
            self._mates.append(self._number)
            if self._chance.randrange(100) < self._past.habits.personal:
                phone.prefer(view.url, personal=True)

    def _pays(self) -> PaidView:
        till, chance = self._till, self._chance
        ticket = till.ticket()
        if not ticket.due:
            return till.pay("cash", Money(0))
        if chance.randrange(100) >= self._past.habits.cash:
            return till.pay("card", ticket.due, f"{chance.randrange(10**6):06d}")
        note = chance.choice((0, *_NOTES))
        due = ticket.cash_due.fen
        return till.pay("cash", Money(-(-due // note) * note if note else due))

    def _gives_back(self, receipt: str) -> None:
        """The wrong thing, found out at once; whoever may not do it alone asks the manager."""
        self._waits(20_000, 90_000)
        try:
            self._till.void_sale(receipt, self._past.habits.void_reason)
        except PosError:
            manager = next(clerk for clerk in self._past.demo.shop.clerks if clerk.role == "manager")
            self._till.approve(str(manager.number), manager.pin)


def _codes(demo: Demo, cards: dict[int, list[str]]) -> dict[int, list[str]]:
    codes = hq_member_codes(demo.hq, [card for held in cards.values() for card in held])
    return {store: [codes[card] for card in held] for store, held in cards.items()}


def _read_goods(habits: Habits, members: dict[int, list[str]], sleepers: dict[int, list[str]]) -> _Goods:
    """The shop's goods; within a category the ones on top of the list sell best."""
    codes, weights, weighed, seen = [], [], set(), dict.fromkeys(habits.categories, 0)
    with Path(RESOURCES / "products.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            category = row["类别编码"]
            if category not in seen:
                continue
            seen[category] += 1
            codes.append(row["货号"])
            weights.append(habits.categories[category] / seen[category])
            if row["计价方式"] == "计重":
                weighed.add(row["货号"])
    return _Goods(codes, weights, frozenset(weighed), members, sleepers)

"""Four weeks of the demo shop: its own tills sell with their clocks in the past, and HQ hears of it as of any sale.

What is sold when follows from resources/demo/history.json, the date and the shop's goods, so that two shops set up on
the same day have the same past. Nothing here is told to HQ by a way of its own.
"""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import random  # noqa: TID251  (an invented past)
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from posapp.clock import MINUTE, SimulatedClock, SystemClock, business_date
from posapp.demo.shop import CUTOVER_HOUR, RESOURCES, ZONE, Clerk, Demo, Place, hq_member_codes
from posapp.errors import PosError
from posapp.money import Money
from posapp.quantity import Quantity
from posapp.till import Till

DONE_FILE = "history"
"""In the demo's folder once its past is whole and at HQ."""

Progress = Callable[[int, int], None]

_NOTES = (1_000, 2_000, 5_000, 10_000)  # fen


class Post(msgspec.Struct):
    """A till's habits: who sits there in turn, its hours, how many sales a usual day has, the float in fen.

    members: percent of the sales in which one of the regulars shows a member code.
    """

    store: int
    till: int
    clerks: list[int]
    opens: int
    closes: int
    sales: int
    float: int
    members: int = 0


class Habits(msgspec.Struct):
    """resources/demo/history.json. Figures are weights, weekdays (Monday first) are percents of a usual day.

    lines: of tickets with 1, 2 ... lines. categories: by the goods' category. cash: percent of the sales.
    regulars: cards of the members who come again and again. over_and_short: what a drawer may be beyond its count, in
    fen.
    """

    seed: int
    days: int
    tills: list[Post]
    weekdays: list[int]
    hours: dict[str, int]
    lines: list[int]
    categories: dict[str, int]
    regulars: list[str]
    cash: int
    over_and_short: list[int]


@dataclass(frozen=True, slots=True)
class _Goods:
    """What can be bought, with how readily it is, and the codes of the members who buy."""

    codes: list[str]
    weights: list[float]
    weighed: frozenset[str]
    members: list[str]


class PastClock(SimulatedClock):
    """Stands where it is set; goes with the machine's clock while is_home, since HQ talks to nobody in the past."""

    is_home = True

    def now_ms(self) -> int:
        return SystemClock().now_ms() if self.is_home else super().now_ms()

    def monotonic_ms(self) -> int:
        return self.now_ms()

    @contextlib.contextmanager
    def at_home(self) -> Iterator[None]:
        self.is_home = True
        yield
        self.is_home = False


def read_habits() -> Habits:
    return msgspec.json.decode((RESOURCES / "history.json").read_bytes(), type=Habits)


def is_done(demo: Demo) -> bool:
    return (demo.folder / DONE_FILE).exists()


def fill(demo: Demo, habits: Habits, progress: Progress | None = None) -> int:
    """Live through the past that the demo does not have yet, and hand it to HQ; the number of its sales.

    Can be stopped at any moment: what is sold is sold, and the next call goes on with the day after. A folder whose
    past is whole is left alone.
    """
    if is_done(demo):
        return 0
    goods = _read_goods(habits, list(hq_member_codes(demo.hq, habits.regulars).values()))
    usual = sum(habits.weekdays) / 7 / 100
    whole = round(sum(post.sales for post in habits.tills) * habits.days * usual)
    sold = 0

    def told() -> None:
        nonlocal sold
        sold += 1
        if progress:
            progress(min(sold, whole - 1), whole)

    for post in habits.tills:
        _live(demo, habits, post, goods, told)
    if progress:
        progress(whole, whole)
    (demo.folder / DONE_FILE).touch()
    return sold


def _live(demo: Demo, habits: Habits, post: Post, goods: _Goods, told: Callable[[], None]) -> None:
    """A till's four weeks. Whatever an interrupted day has left open is closed first."""
    clock, place = PastClock(), Place(post.store, post.till)
    is_new = not (demo.data(place) / "till.db").exists()
    today = dt.date.fromisoformat(business_date(clock.now_ms(), ZONE, CUTOVER_HOUR))
    days = [today - dt.timedelta(days=ago) for ago in range(habits.days, 0, -1)]
    clock.set(_instant(days[0], post.opens * 60 - 20))
    clock.is_home = not is_new  # a new journal begins with the first morning
    with contextlib.closing(demo.open(place, clock)) as till:
        with clock.at_home():
            till.runner.once()
        if not is_new:
            lived = till.journal.head.effective
            clock.set(lived + MINUTE)
            _close_what_is_open(till, demo, post)
            days = [day for day in days if day.isoformat() > business_date(lived, ZONE, CUTOVER_HOUR)]
        for day in days:
            _day(till, clock, demo, habits, post, goods, day, told)
        with clock.at_home():
            till.runner.once()
            till.runner.once()  # and say that nothing is left


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


def _day(
    till: Till,
    clock: PastClock,
    demo: Demo,
    habits: Habits,
    post: Post,
    goods: _Goods,
    day: dt.date,
    told: Callable[[], None],
) -> None:
    """From opening to closing: sales at the hours people come, the drawer counted a little wrong now and then."""
    chance = random.Random(f"{habits.seed}/{post.store}/{post.till}/{day}")  # noqa: S311
    clerk = _clerk(demo, post.clerks[day.toordinal() % len(post.clerks)])
    clock.set(_instant(day, post.opens * 60 - 10 + chance.uniform(-5, 5)))
    till.sign_in(str(clerk.number), clerk.pin)
    till.open_shift(Money(post.float))
    hours = [int(hour) for hour in habits.hours if post.opens <= int(hour) < post.closes]
    weights = [habits.hours[str(hour)] for hour in hours]
    count = round(post.sales * habits.weekdays[day.weekday()] / 100 * chance.uniform(0.85, 1.15))
    minutes = sorted(60 * hour + chance.uniform(0, 60) for hour in chance.choices(hours, weights, k=count))
    for minute in minutes:
        clock.set(max(_instant(day, minute), clock.now_ms() + MINUTE))
        _sell(till, clock, habits, post, goods, chance)
        told()
    clock.set(max(_instant(day, post.closes * 60 + chance.uniform(5, 25)), clock.now_ms() + MINUTE))
    drawer = till.books.figures().expected + chance.choice(habits.over_and_short)
    till.close_shift(Money(drawer))
    till.sign_out()


def _sell(till: Till, clock: PastClock, habits: Habits, post: Post, goods: _Goods, chance: random.Random) -> None:
    """One customer. Some change their mind about a thing, a few about everything."""
    if chance.randrange(100) < post.members:
        till.member(chance.choice(goods.members))
    wanted = 1 + chance.choices(range(len(habits.lines)), habits.lines)[0]
    for code in dict.fromkeys(chance.choices(goods.codes, goods.weights, k=wanted)):
        clock.set(clock.now_ms() + chance.randrange(1_500, 6_000))
        if code in goods.weighed:
            till.scan(f"{Quantity(chance.randrange(120, 1_200))}*{code}")
        else:
            count = chance.choices((1, 2, 3, 4), (80, 14, 4, 2))[0]
            till.scan(f"{count}*{code}" if count > 1 else code)
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
    clock.set(clock.now_ms() + chance.randrange(6_000, 25_000))
    ticket = till.ticket()
    if chance.randrange(100) >= habits.cash:
        till.pay("card", ticket.due, f"{chance.randrange(10**6):06d}")
        return
    note = chance.choice((0, *_NOTES))
    due = ticket.cash_due.fen
    till.pay("cash", Money(-(-due // note) * note if note else due))


def _read_goods(habits: Habits, members: list[str]) -> _Goods:
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
    return _Goods(codes, weights, frozenset(weighed), members)

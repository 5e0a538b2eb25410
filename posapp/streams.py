"""Streams down: what HQ publishes, row by row."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from posapp.messages import Message
from posapp.rules.metrics import DayFigures, Usual


class KeyRow(Message):
    """HQ's public key for one use: certificate or box."""

    use: str
    public: str


class SettingRow(Message):
    value: str


class StaffRow(Message):
    """pin: Argon2id hash. role: cashier, lead or manager. badge: SHA-256 of the badge's code in hexadecimal."""

    number: int
    name: str
    role: str
    pin: str
    active: int = 1
    badge: str = ""


class ArticleRow(Message):
    """codes: every code it is found by; rank 0 is its own number or barcode, rank 1 an alias.

    weighed: 1 when the quantity is a weight. discountable, bargain, points: 1 or 0.
    """

    name: str
    unit: str
    tax: str
    codes: list[tuple[str, int]]
    weighed: int = 0
    discountable: int = 1
    bargain: int = 1
    points: int = 1
    category: str = ""
    spec: str = ""
    origin: str = ""
    pinyin: str = ""
    initials: str = ""


class PriceRow(Message):
    """What an article costs from an instant on, in one version of the price book; 0 means none but for price."""

    article: str
    price: int
    starts: int
    book: int
    member: int = 0
    lowest: int = 0


class TileRow(Message):
    """A quick key. place: 1, 2, ... on its page, row by row. label: instead of the article's name.
    colour: a name of PALETTE or #rrggbb, "" for none. picture: its hash, "" for none. Key: page.place.
    """

    page: int
    place: int
    article: str
    title: str = ""
    label: str = ""
    colour: str = ""
    picture: str = ""


class NoticeRow(Message):
    """A picture (by its hash) on the idle customer display from an instant on until another (0: no end)."""

    picture: str
    caption: str = ""
    starts: int = 0
    ends: int = 0
    place: int = 0


class Benefit(Message):
    """What a member's account promises, once. kind: amount (fen off a ticket of at least `least`) or gift (an article
    for nothing). name: what to call it, Chinese and English. ends 0: no end. waits 1: it counts once the cashier has
    accepted it for the ticket, else by itself."""

    id: str
    kind: str
    name: tuple[str, str]
    fen: int = 0
    least: int = 0
    article: str = ""
    ends: int = 0
    waits: int = 0


class MemberRow(Message):
    """What a store's tills know of a member; key: the member's id (reliability.md 7.14).

    initial: of the surname. tail: the phone's last two digits. lookup: what rules/lookup.py makes of the whole number,
    tails of the last four digits ("" where the chain looks nobody up by them). code: SHA-256 of the member code in
    hexadecimal. points at the instant `at`. birthday: the month that is theirs, "2026-11", "" when neither this nor
    the next. aliases: ids that are the same person. consents: purpose to 1 or 0. packs: join pack to the instant it
    was bought. chips: what they like, name to value. first: no order of theirs is known yet. chips_at,
    consents_at: when each was said last, taken back too.
    """

    initial: str
    tail: str
    at: int
    joined: int
    lookup: list[str] = []
    tails: str = ""
    code: str = ""
    tier: str = ""
    points: int = 0
    birthday: str = ""
    aliases: list[str] = []
    benefits: list[Benefit] = []
    chips: dict[str, str] = {}
    consents: dict[str, int] = {}
    packs: dict[str, int] = {}
    first: int = 0
    chips_at: dict[str, int] = {}
    consents_at: dict[str, int] = {}


class QuotaRow(Message):
    """Points that this till may let a member spend with no network, until an instant. Key: the member's id."""

    points: int
    until: int


class TierRow(Message):
    """A rank of members; key: its id. factor: percent of the points others earn. colour: #rrggbb."""

    name: tuple[str, str]
    factor: int = 100
    colour: str = ""
    place: int = 0


class HookRow(Message):
    """Words around a join code; key: the variant's id. Chinese and English; {saving}, {points} and {gift} stand for
    what the ticket gives, and a hook that lacks its value is passed over.

    surface: display or receipt. audience: guest or member. weekdays: 1 (Monday) to 7, none: all. least, most: fen of
    the ticket, 0: any. place: the lowest that fits speaks; equal ones take turns by ticket.
    """

    title: tuple[str, str]
    line: tuple[str, str] = ("", "")
    surface: str = "display"
    audience: str = "guest"
    weekdays: list[int] = []
    least: int = 0
    most: int = 0
    starts: int = 0
    ends: int = 0
    place: int = 0


class OfferRow(Message):
    """What joining gives now; key: the campaign's id. kind, fen, least, article: as in Benefit."""

    kind: str
    name: tuple[str, str]
    fen: int = 0
    least: int = 0
    article: str = ""
    starts: int = 0
    ends: int = 0


class JoinedRow(Message):
    """A till's code was used; key: the stem of its token. is_new 0: the person was a member before. clerk: whose code
    it was, 0 where nobody has said."""

    member: str
    at: int
    is_new: int
    channel: str = ""
    clerk: int = 0


class PackRow(Message):
    """A join pack; key: its article. parts: article and quantity in thousandths. Once for each person."""

    parts: list[tuple[str, int]]
    points: int = 0


class ChipRow(Message):
    """What may be noted of a member in two taps; key: its name on the wire. choices: value, Chinese, English."""

    title: tuple[str, str]
    choices: list[tuple[str, str, str]]
    place: int = 0


class ClerkCodeRow(Message):
    """A code by which a customer becomes a clerk's friend in WeCom. channel: where it is shown: badge, display,
    receipt. content: the text to draw. is_store_code: 1 when it is the code of the clerk's whole store. Clerk 0 and
    channel "group": the city's group. Key: clerk.channel.
    """

    clerk: int
    channel: str
    content: str
    is_store_code: int = 0


class DayRow(Message):
    """A store's day as HQ has it; key: the date. made: when it was worked out; state: as in rules/metrics.py; updated:
    when late data changed it after every till had told it, 0 never. late: tickets that came after it was final and do
    not count. target: percent, 0 for none. tills: number, last contact and unsent entries of each. scores: the store's
    three numbers, each its name in METRICS, numerator and denominator."""

    date: str
    made: int
    state: str
    day: DayFigures
    updated: int = 0
    late: int = 0
    target: int = 0
    usual: Usual = msgspec.field(default_factory=Usual)
    tills: list[tuple[int, int, int]] = []
    scores: list[tuple[str, int, int]] = []


class RewardLine(Message):
    """A line of a clerk's account. kind: join, first_order, join_back, first_order_back, excluded. fen: may be
    negative. why: the reason of a reversal or an exclusion, a code. receipt: of the ticket, "" for none."""

    at: int
    kind: str
    fen: int
    why: str = ""
    receipt: str = ""
    channel: str = ""


class RewardRow(Message):
    """What a clerk's joins bring in a month, estimated; key: clerk number. joins, first_orders: valid ones. rule: in
    words. lines: the newest first."""

    month: str
    joins: int
    first_orders: int
    fen: int
    rule: tuple[str, str]
    lines: list[RewardLine] = []
    made: int = 0


class CardOrder(Message):
    """A purchase on the member card. goods: names, the dearest first."""

    at: int
    fen: int
    goods: list[str]
    store: int = 0


class Addon(Message):
    """An article that goes with what a member likes (or sells best), and why, Chinese and English."""

    article: str
    why: tuple[str, str]


class CardRow(Message):
    """What tills know of a member beside MemberRow; key: the member's id. Nothing of it faces the customer.

    owner: number of the clerk who looks after them, 0 for none. segment: of rules/metrics.py. titles: id, Chinese,
    English, until (0: no end). last: when they bought last; visits: purchase days of a year; weekday: 1 to 7, when
    they usually come, 0 unknown; expected: date of the next visit, "" unknown. likes: names of goods, orders: the
    last three, addons: at most three; these three only where they agreed to it (consent personal), addons are best
    sellers without. risk: percent of how overdue they are, 0 unknown.
    """

    owner: int = 0
    segment: str = ""
    titles: list[tuple[str, str, str, int]] = []
    last: int = 0
    visits: int = 0
    weekday: int = 0
    expected: str = ""
    likes: list[str] = []
    orders: list[CardOrder] = []
    addons: list[Addon] = []
    risk: int = 0
    at: int = 0


class HintRow(Message):
    """The one hint for the cashier when a member is recognised; key: the member's id.

    id: of the hint, once a person. scene: dormant, browsed, chatted, ordered, birthday, lead ... prompt: at most 24
    characters; script: one approved line to say, version its number, "" for none. benefit: id of what one key applies,
    "" for none. ends: not shown from then on, whatever the network. flow: that it is a task of, "" for none.
    """

    id: str
    scene: str
    prompt: tuple[str, str]
    script: tuple[str, str] = ("", "")
    version: int = 0
    benefit: str = ""
    made: int = 0
    ends: int = 0
    flow: str = ""


class VisitorRow(Message):
    """One of a day's likely visitors; key: "date member". place: 1, 2, ... why and script as in HintRow. arrived,
    outcome, bought: what HQ has heard of the day so far: when they came (0: not yet), what was noted of it (as in
    VisitNoted, "" for nothing), whether they bought in this store."""

    date: str
    member: str
    place: int
    why: tuple[str, str]
    script: tuple[str, str] = ("", "")
    owner: int = 0
    arrived: int = 0
    outcome: str = ""
    bought: int = 0


class RegularRow(Message):
    """One of a store's core customers (核心客户); key: the member's id. rank: 1, 2, ..., at most 1000."""

    rank: int
    segment: str = ""
    last: int = 0
    expected: str = ""
    weekday: int = 0
    likes: list[str] = []


class LeadRow(Message):
    """Something to do about a member in this store; key: its id. clerk 0: whoever is there. due: UTC ms."""

    member: str
    title: tuple[str, str]
    due: int
    clerk: int = 0
    script: tuple[str, str] = ("", "")
    made: int = 0


class FeedbackRow(Message):
    """What became of feedback from this store; key: its id. state: open or answered. owner: who answers, at HQ."""

    category: str
    text: str
    clerk: int
    at: int
    state: str
    owner: str = ""
    answer: str = ""
    answered: int = 0


class ConsentTextRow(Message):
    """What a customer is asked; key: the purpose. needed: nobody joins without it."""

    version: str
    title: tuple[str, str]
    text: tuple[str, str]
    needed: int = 0
    place: int = 0


def nearness(scope: str) -> int:
    """0 for a row of one till, 1 for one of its store, 2 for one of the chain: the nearest row speaks."""
    return {"till": 0, "store": 1}.get(scope.partition(":")[0], 2)


STREAMS: dict[str, type[Message]] = {
    # since 1
    "keys": KeyRow,
    "settings": SettingRow,
    "staff": StaffRow,
    "catalogue": ArticleRow,
    "prices": PriceRow,
    # since 1, added later: a till that does not know them does not ask
    "tiles": TileRow,
    "notices": NoticeRow,
    # since 0.3.0
    "members": MemberRow,
    "quotas": QuotaRow,
    "tiers": TierRow,
    "hooks": HookRow,
    "offers": OfferRow,
    "packs": PackRow,
    "chips": ChipRow,
    "consent_texts": ConsentTextRow,
    "joins": JoinedRow,
    "clerk_codes": ClerkCodeRow,
    # since 0.4.0
    "board": DayRow,
    "rewards": RewardRow,
    "cards": CardRow,
    "hints": HintRow,
    "visitors": VisitorRow,
    "regulars": RegularRow,
    "leads": LeadRow,
    "feedback": FeedbackRow,
}
"""Every stream and the shape of its rows. A row is named by its scope and key; a gone row has no data."""


Row = TypeVar("Row", bound=Message)


class FeedRow(Message):
    """scope: chain, store:<n> or till:<store>.<n>. data: canonical JSON of the stream's shape; none when it is gone."""

    scope: str
    key: str
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET

    def read(self, shape: type[Row]) -> Row | None:
        """The row as its stream's shape, None when it is gone. Raises msgspec.DecodeError."""
        return None if self.data is msgspec.UNSET else msgspec.json.decode(self.data, type=shape)

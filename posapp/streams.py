"""Streams down: what HQ publishes, row by row."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from posapp.messages import Message


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
    for nothing). name: what to call it, Chinese and English. ends 0: no end."""

    id: str
    kind: str
    name: tuple[str, str]
    fen: int = 0
    least: int = 0
    article: str = ""
    ends: int = 0


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
    """A ticket's code was used; key: the stem of its token. is_new 0: the person was a member before."""

    member: str
    at: int
    is_new: int
    channel: str = ""


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

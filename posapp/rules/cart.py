"""The open ticket as plain values: what was scanned, what was agreed by hand, what was paid so far."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from posapp.errors import PosError
from posapp.money import ZERO, Money, half_width
from posapp.quantity import Quantity
from posapp.rules.loyalty import Guest
from posapp.streams import HintRow

MOST_LINES = 500

_PERCENT = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?%")


class Discount(msgspec.Struct, omit_defaults=True):
    """A reduction by hand: percent in hundredths of a percent (1000 is 10 %), or an amount; the other is zero.

    by: clerk who approved it, 0 if the cashier's own right sufficed.
    """

    percent: int
    amount: Money
    by: int = 0


class Part(msgspec.Struct, omit_defaults=True):
    """An article within a pack: how much of it, and what it costs alone, by which the pack's price is split."""

    article: str
    code: str
    name: str
    unit: str
    qty: Quantity
    price: Money
    rate: str
    book: int
    earns: bool = True


class Line(msgspec.Struct, omit_defaults=True):
    """price: unit price of the price book version `book`. override: unit price agreed by hand.

    label: what a scale printed as the amount; it stands, whatever price times weight would round to.
    member: unit price for members, zero for none. earns: whether it counts for points. gift: the benefit for which it
    is handed over for nothing. pack: a join pack's parts, sold as one line; they have the numbers from n on.
    """

    n: int
    article: str
    code: str
    name: str
    unit: str
    qty: Quantity
    price: Money
    lowest: Money
    rate: str
    book: int
    is_weighed: bool = False
    is_discountable: bool = True
    may_bargain: bool = True
    override: Money | None = None
    override_by: int = 0
    label: Money | None = None
    discount: Discount | None = None
    member: Money = ZERO
    earns: bool = True
    gift: str = ""
    pack: list[Part] = []

    @property
    def is_plain(self) -> bool:
        """Whether more pieces of the article may simply be added to this line."""
        return not (
            self.is_weighed
            or self.override is not None
            or self.discount
            or self.label is not None
            or self.gift
            or self.pack
        )


class Paid(msgspec.Struct, omit_defaults=True):
    """A tender already taken: what counts toward the total, what was given in cash, a card slip's number."""

    kind: str
    amount: Money
    given: Money
    ref: str = ""


class Shown(msgspec.Struct):
    """The ticket's join code stood on the customer display since an instant, in words HQ knows by a name."""

    hook: str
    since: int


class Hinted(msgspec.Struct, omit_defaults=True):
    """The one hint of a ticket, as it came, for a member since an instant. outcome: what became of it, "" so far."""

    member: str
    row: HintRow
    since: int
    outcome: str = ""


class Suggested(msgspec.Struct):
    """Articles that stood beside the ticket for a member; whatever became of the ticket, no more than these."""

    member: str
    articles: list[str]


class Cart(msgspec.Struct, omit_defaults=True):
    """One ticket. next_n numbers lines; a voided number is not used again.

    guest: the member who buys. token: of its join code. points: that pay a part. priced: the instant whose day decides,
    and day_off, the percent off for members on it. listed: date of the list of likely visitors that the member is on.
    """

    ticket: str
    opened: int
    clerk: int = 0
    lines: list[Line] = []
    discount: Discount | None = None
    paid: list[Paid] = []
    next_n: int = 1
    guest: Guest | None = None
    token: str = ""
    points: int = 0
    points_off: Money = ZERO
    priced: int = 0
    day_off: int = 0
    shown: Shown | None = None
    hint: Hinted | None = None
    addons: Suggested | None = None
    listed: str = ""

    def line(self, n: int) -> Line | None:
        return next((line for line in self.lines if line.n == n), None)


def _encode(value: Any) -> int:
    if isinstance(value, Money):
        return value.fen
    if isinstance(value, Quantity):
        return value.milli
    raise TypeError(type(value))


def _decode(kind: type[Any], value: Any) -> Any:
    return kind(value)


_encoder = msgspec.json.Encoder(enc_hook=_encode)
_decoder = msgspec.json.Decoder(Cart, dec_hook=_decode)


def to_bytes(cart: Cart) -> bytes:
    return _encoder.encode(cart)


def from_bytes(raw: bytes) -> Cart:
    return _decoder.decode(raw)


def read_discount(text: str) -> Discount:
    """Read "10%" (a tenth off), "7.5%", or an amount. Raises PosError bad_discount."""
    match = _PERCENT.fullmatch(half_width(text))
    if match:
        percent = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))
        if percent > 10_000:
            raise PosError("bad_discount", discount=text[:20])
        return Discount(percent, ZERO)
    try:
        amount = Money.parse(text)
    except PosError:
        raise PosError("bad_discount", discount=text[:20]) from None
    if amount.fen < 0:
        raise PosError("bad_discount", discount=text[:20])
    return Discount(0, amount)

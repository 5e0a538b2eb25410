"""What the till's verbs answer: plain values that a screen draws, a script prints and a test compares."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from posapp.messages import ShiftClosed
from posapp.money import ZERO, Money
from posapp.quantity import Quantity


@dataclass(frozen=True, slots=True)
class LineView:
    """waits: a join pack that nobody has joined for yet."""

    line: int
    code: str
    name: str
    qty: Quantity
    unit: str
    price: Money
    amount: Money
    due: Money
    waits: bool = False


@dataclass(frozen=True, slots=True)
class TicketView:
    """What the ticket comes to now."""

    lines: int
    total: Money
    due: Money


@dataclass(frozen=True, slots=True)
class BenefitView:
    """What the account promises. is_usable: the open ticket has it; missing: what the goods lack for it, 0 where it is
    not that."""

    name: str
    is_usable: bool
    missing: Money = ZERO


@dataclass(frozen=True, slots=True)
class ChipView:
    """What may be noted of a member in two taps. choices: value and what to call it; value: that is noted, or ""."""

    name: str
    title: str
    choices: tuple[tuple[str, str], ...]
    value: str = ""


@dataclass(frozen=True, slots=True)
class AskedText:
    """What a customer is asked before they join, in the store's language."""

    purpose: str
    title: str
    text: str
    is_needed: bool


@dataclass(frozen=True, slots=True)
class PageView:
    """A page of HQ's that the customer opens on their own phone. is_printed: on a slip, too."""

    url: str
    title: str
    line: str
    is_printed: bool = False


@dataclass(frozen=True, slots=True)
class HintView:
    """The one hint for the cashier. script: a line to say, "" where the store hides them. applies: what its key brings
    the customer, "" where it only says that the cashier spoke of it."""

    id: str
    scene: str
    prompt: str
    script: str = ""
    version: int = 0
    applies: str = ""


@dataclass(frozen=True, slots=True)
class MemberView:
    """The member of the open ticket. name: "张**". at: when HQ said so, UTC ms. to_earn: points for this ticket.

    tier: (name, #rrggbb), ("", "") for none. chips, consents: name to value, what was just said here included.
    is_old: HQ has confirmed nothing of it for a while, since `at`. For the cashier alone: segment (of rfm.py, its
    word), owner (who looks after them, by name; is_mine: the signed-in clerk), titles, away (days since they bought,
    None: not known), hint.
    """

    ref: str
    name: str
    tail: str
    how: str
    at: int
    tier: tuple[str, str] = ("", "")
    points: int = 0
    to_earn: int = 0
    is_birthday: bool = False
    is_new: bool = False
    benefits: tuple[BenefitView, ...] = ()
    chips: dict[str, str] = field(default_factory=dict)
    consents: dict[str, int] = field(default_factory=dict)
    is_old: bool = False
    segment: tuple[str, str] = ("", "")
    owner: str = ""
    titles: tuple[str, ...] = ()
    away: int | None = None
    hint: HintView | None = None
    is_mine: bool = False

    @property
    def is_named(self) -> bool:
        """Whether a letter of the name is known: who joined at a counter typed none."""
        return bool(self.name.strip("*"))


@dataclass(frozen=True, slots=True)
class AssistView:
    """How far a customer is who joins at the counter. state: joined, known (was a member before), code (HQ has sent one
    to the phone). member: who stands on the ticket now."""

    state: str
    member: MemberView | None = None


@dataclass(frozen=True, slots=True)
class TextView:
    """A text message was asked for. template: receipt or claim. waits: HQ is told when the network is back."""

    template: str
    waits: bool


@dataclass(frozen=True, slots=True)
class AddonView:
    """An article to suggest beside the ticket: its code can be scanned. why: it goes with what, or sells best."""

    article: str
    code: str
    name: str
    price: Money
    why: str = ""


@dataclass(frozen=True, slots=True)
class OrderView:
    """A purchase on the member card. goods: names, the dearest first. store: its number, 0 for this one."""

    at: int
    total: Money
    goods: tuple[str, ...]
    store: int = 0


@dataclass(frozen=True, slots=True)
class LeadView:
    """Something to do about a member. name: "张**". clerk: whose it is, by name, "" for whoever is there."""

    id: str
    member: str
    name: str
    tail: str
    title: str
    script: str
    due: int
    is_overdue: bool
    is_mine: bool
    clerk: str = ""


@dataclass(frozen=True, slots=True)
class CardView:
    """The member card: what they like, what they bought, what is to be done. chips: title and value. visits: purchase
    days of a year. weekday: 1 to 7, when they usually come, 0 unknown. expected: date, "" unknown. is_personal: they
    agreed that likes and orders are looked at."""

    member: MemberView
    chips: tuple[tuple[str, str], ...] = ()
    likes: tuple[str, ...] = ()
    orders: tuple[OrderView, ...] = ()
    leads: tuple[LeadView, ...] = ()
    visits: int = 0
    weekday: int = 0
    expected: str = ""
    is_personal: bool = False


@dataclass(frozen=True, slots=True)
class VisitorView:
    """One of today's likely visitors. arrived: they came, here or elsewhere in the store. outcome: bought, looked,
    not_talked, "" while nobody said. owner: by name; is_mine: they are the signed-in clerk's."""

    member: str
    name: str
    tail: str
    why: str
    script: str
    owner: str
    is_mine: bool
    arrived: bool = False
    outcome: str = ""
    bought: bool = False


@dataclass(frozen=True, slots=True)
class VisitorsView:
    """A day's list, and how far it has proved itself. talked: who bought or looked by the clerk's word; bought: by that
    or by a sale."""

    date: str
    visitors: tuple[VisitorView, ...]
    listed: int
    arrived: int
    talked: int
    bought: int


@dataclass(frozen=True, slots=True)
class RegularView:
    """A core customer. last: UTC ms of the last purchase, 0 unknown; weekday, expected: as in CardView."""

    rank: int
    member: str
    name: str
    tail: str
    segment: tuple[str, str]
    last: int
    weekday: int
    expected: str
    likes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExportView:
    """A file with rows, masked."""

    file: str
    rows: int


@dataclass(frozen=True, slots=True)
class FeedbackView:
    """What a customer said, and what became of it. state: unsent, open or answered. owner: who answers, at HQ."""

    id: str
    category: str
    text: str
    at: int
    state: str
    owner: str = ""
    answer: str = ""
    answered: int = 0
    is_mine: bool = False


@dataclass(frozen=True, slots=True)
class WaitView:
    """Somebody has arrived and nobody has served them yet. kind: reception, booking or pickup. seconds: so far."""

    kind: str
    ref: str
    arrived: int
    seconds: int
    state: str


@dataclass(frozen=True, slots=True)
class MemberChoice:
    """One of several that a tail fits."""

    ref: str
    name: str
    tail: str
    tier: str


@dataclass(frozen=True, slots=True)
class JoinView:
    """The open ticket's join code. url: what the QR code says. saving: what joining takes off now. hook: HQ's name of
    the words."""

    url: str
    token: str
    title: str
    line: str
    saving: Money
    gift: str
    points: int
    hook: str


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """The ticket as a screen draws it; cash_due: what is due when cash pays the rest, rounded as the store says.
    saved: what discounts and prices by hand took off."""

    lines: tuple[LineView, ...]
    total: Money
    due: Money
    cash_due: Money
    saved: Money
    paid: tuple[tuple[str, Money], ...]
    member: MemberView | None = None


@dataclass(frozen=True, slots=True)
class PaidView:
    """due: what is still missing. A receipt number says that the sale is recorded. member: by name, who has earned
    points and has `points` of them now; join: the receipt's code, for a walk-in.
    """

    due: Money
    change: Money
    rounding: Money
    total: Money
    receipt: str | None = None
    sale: str | None = None
    member: str = ""
    earned: int = 0
    points: int = 0
    join: JoinView | None = None


@dataclass(frozen=True, slots=True)
class RecordedView:
    """A sale that is recorded, or a refund. text: its receipt or slip, line by line. is_sale: it is no refund.

    voided_by: number of the slip that voided it, "" if it stands.
    """

    receipt: str
    paid: int
    total: Money
    text: tuple[str, ...]
    is_sale: bool = True
    voided_by: str = ""


@dataclass(frozen=True, slots=True)
class ClerkView:
    clerk: int
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class ShiftView:
    """A shift's figures; over is what was counted beyond what was expected (negative: short).

    expected and over are None for who may not see them. number: 1, 2, 3 ... of the shifts this till closes.
    wants_reason: the drawer is further over or short than the store takes without a word; explain_shift says why.
    """

    shift: str
    sales: int
    total: Money
    float: Money
    cash_in: Money
    cash_out: Money
    tenders: dict[str, Money]
    expected: Money | None
    counted: Money | None = None
    over: Money | None = None
    refunds: int = 0
    refunded: Money = ZERO
    back: dict[str, Money] = field(default_factory=dict)
    unmatched: int = 0
    number: int = 0
    wants_reason: bool = False
    reason: str = ""

    @classmethod
    def of(cls, figures: ShiftClosed, *, sees_over: bool) -> ShiftView:
        """An open shift's."""
        return cls(
            figures.shift,
            figures.sales,
            Money(figures.total),
            Money(figures.float),
            Money(figures.cash_in),
            Money(figures.cash_out),
            {held.kind: Money(held.amount) for held in figures.tenders},
            Money(figures.expected) if sees_over else None,
            refunds=figures.refunds,
            refunded=Money(figures.refunded),
            back={held.kind: Money(held.amount) for held in figures.back},
            unmatched=figures.unmatched,
            number=figures.number,
        )

    @classmethod
    def closed(cls, figures: ShiftClosed, *, sees_over: bool, limit: Money, reason: str = "") -> ShiftView:
        """A closed one's. limit: of the difference that nobody asks about."""
        over = figures.counted - figures.expected
        return replace(
            cls.of(figures, sees_over=sees_over),
            counted=Money(figures.counted),
            over=Money(over) if sees_over else None,
            wants_reason=abs(over) > limit.fen and not reason,
            reason=reason,
        )


@dataclass(frozen=True, slots=True)
class RefundView:
    """receipt: the slip's number; sale: the number of the receipt it gives money back for. back: by tender."""

    receipt: str
    sale: str
    total: Money
    rounding: Money
    back: dict[str, Money]


@dataclass(frozen=True, slots=True)
class StatusView:
    """printer: ready, or why not (drivers.contracts.Reason), None where there is none. printing: receipts that wait.

    is_cut_off: HQ did not answer the last time; one that asks for patience has answered.
    """

    till: str
    clerk: int | None
    shift: str
    ticket: int
    due: Money
    parked: int
    unsent: int
    oldest_unsent: int | None
    network: str
    last_contact: int | None
    trouble: str | None
    now: int
    printer: str | None = None
    printing: int = 0
    training: bool = False
    is_cut_off: bool = False


@dataclass(frozen=True, slots=True)
class SyncView:
    sent: int
    pulled: int
    unsent: int


@dataclass(frozen=True, slots=True)
class Found:
    """An article that a search found; its code can be scanned. price: at this moment, None where it has none."""

    article: str
    code: str
    name: str
    unit: str
    price: Money | None
    is_weighed: bool


@dataclass(frozen=True, slots=True)
class TileView:
    """A quick key: place counts from 1, row by row. colour: #rrggbb or "". picture: a file that is there, or None."""

    place: int
    code: str
    name: str
    unit: str
    price: Money | None
    colour: str = ""
    picture: Path | None = None


@dataclass(frozen=True, slots=True)
class TilePage:
    number: int
    title: str
    tiles: tuple[TileView, ...]


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A picture for the idle customer display."""

    picture: Path
    caption: str

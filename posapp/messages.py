"""What till and HQ say to each other: journal entries going up, stream rows going down, requests and answers.

Shapes are frozen once an issue that introduced them has ended: a field may be added with a default, anything
else is a new version of that type. Readers ignore fields they do not know.

History of PROTOCOL
  1  enrolment, hello, push, feed; entries and streams marked "since 1" below
     later, asked for only by tills that know them: streams tiles, notices and clerk_codes, pictures
"""

from __future__ import annotations

from typing import Annotated, TypeVar

import msgspec

from posapp.keys import Certificate
from posapp.money import LARGEST

PROTOCOL = 1

BATCH_ENTRIES = 200
BATCH_BYTES = 512 * 1024
LARGEST_REQUEST = 1 << 21
PAGE_ROWS = 2_000


Whole = Annotated[int, msgspec.Meta(ge=-LARGEST, le=LARGEST)]
"""A number in an entry: far beyond what a till comes to, well within what both databases hold."""


class Message(msgspec.Struct, omit_defaults=True):
    """Anything below: defaults stay off the wire, unknown fields are ignored."""


# --- entries up: bodies. Amounts are fen, quantities thousandths, instants UTC milliseconds. ---


class Reason(Message):
    """Why a line does not cost list price times quantity: one signed amount in fen and where it comes from.

    kind: price (changed by hand), discount (this line), ticket_discount (its share of the ticket's).
    by: the clerk who approved, 0 if the right was the cashier's own. id: rule or coupon, for later kinds.
    """

    kind: str
    fen: Whole
    by: Whole = 0
    id: str = ""
    why: str = ""


class SaleLine(Message):
    """n: number on the ticket. price: unit price of the price book, in its version `book`. amount: what the line
    costs after all. rate: "0.13", "exempt" (免税) or "none" (不征税). tax: VAT contained in amount.
    """

    n: Whole
    article: str
    code: str
    name: str
    unit: str
    qty: Whole
    price: Whole
    amount: Whole
    rate: str
    tax: Whole
    book: Whole
    why: list[Reason] = []


class Tender(Message):
    """amount counts toward the total; given is what was handed over in cash (given - amount is the change)."""

    kind: str
    amount: Whole
    given: Whole = 0
    ref: str = ""


class TaxSum(Message):
    """All lines of one rate: amount with VAT, VAT contained."""

    rate: str
    amount: Whole
    tax: Whole


class SaleCompleted(Message):
    """total = sum of the lines; due = total + rounding = sum of the tenders."""

    ticket: str
    shift: str
    counter: Whole
    opened: Whole
    paid: Whole
    lines: list[SaleLine]
    total: Whole
    rounding: Whole
    tenders: list[Tender]
    change: Whole
    taxes: list[TaxSum]
    member: str = ""
    join: str = ""


class RefundCompleted(Message):
    """Money goes back for a sale that is recorded. kind: void (the whole sale, on its business day).

    sale, receipt: event id and number of that sale, sold its total; counter: the refund's own number, counted with
    the receipts. Everything else is what goes back, as positive amounts: a line's n is its number on the sale's
    ticket, qty, amount, tax and reasons its part that is returned; total = sum of the lines; total + rounding = sum
    of the tenders, each with the ref of the sale's.
    """

    kind: str
    sale: str
    receipt: str
    sold: Whole
    shift: str
    counter: Whole
    done: Whole
    reason: str
    lines: list[SaleLine]
    total: Whole
    rounding: Whole
    tenders: list[Tender]
    taxes: list[TaxSum]
    member: str = ""


class PaymentSettled(Message):
    """A tender that could only be believed was found in the shop's account. receipt, sale: of that tender, which is
    its number `tender` there; ref: what the account says. how: "by hand"."""

    sale: str
    receipt: str
    tender: Whole
    kind: str
    amount: Whole
    ref: str
    how: str


class JournalOpened(Message):
    """The first entry of a journal; key is the signing key in base64url.

    reason: enrol, restore, copied, lost (the folder was empty), damaged, fork.
    """

    reason: str
    ordinal: Whole
    label: str
    key: str
    program: str
    parent_jid: str = ""
    parent_seq: Whole = 0
    parent_hash: str = ""


class ShiftOpened(Message):
    shift: str
    float: Whole


class TenderSum(Message):
    kind: str
    count: Whole
    amount: Whole


class Pieces(Message):
    """So many notes or coins of one value."""

    fen: Whole
    count: Whole


class ShiftClosed(Message):
    """counted - expected is over (+) or short (-). sales and total let HQ compare what it holds of the shift, and so
    do refunds (how many), refunded (their total) and back (what went back by tender).

    number: 1, 2, 3 ... of the shifts this till has closed. pieces: what was counted, if it was counted by pieces.
    unmatched: tenders by static code of this till that nobody has found in the account yet, and what they come to.
    """

    shift: str
    opened: Whole
    float: Whole
    counted: Whole
    expected: Whole
    sales: Whole
    total: Whole
    rounding: Whole
    cash_in: Whole
    cash_out: Whole
    tenders: list[TenderSum]
    first_receipt: str = ""
    last_receipt: str = ""
    refunds: Whole = 0
    refunded: Whole = 0
    back: list[TenderSum] = []
    number: Whole = 0
    pieces: list[Pieces] = []
    unmatched: Whole = 0
    unmatched_amount: Whole = 0


class ShiftExplained(Message):
    """Why a closed shift was over or short, in words."""

    shift: str
    over: Whole
    reason: str


class CashMoved(Message):
    """amount is positive into the drawer, negative out of it."""

    shift: str
    amount: Whole
    reason: str


class DrawerOpened(Message):
    shift: str
    reason: str


class SignInRefused(Message):
    """clerk: the number that was tried. tries: wrong PINs in a row."""

    clerk: Whole
    tries: Whole


class ApprovalGiven(Message):
    """The header's clerk asked, its `by` approved. detail: what exactly, in the cashier's words."""

    action: str
    ticket: str
    line: Whole
    detail: str


class LineVoided(Message):
    ticket: str
    line: Whole
    article: str
    code: str
    qty: Whole
    amount: Whole


class CartCancelled(Message):
    """tenders: money that had been taken and was given back."""

    ticket: str
    opened: Whole
    lines: list[SaleLine]
    total: Whole
    tenders: list[Tender] = []


class ReceiptReprinted(Message):
    receipt: str
    sale: str
    copy: Whole


class ClockChanged(Message):
    """The wall clock moved against the monotonic one by `jump` milliseconds."""

    jump: Whole


class SettingsApplied(Message):
    values: dict[str, str]


class TrainingEntered(Message):
    """From here to training.left the till only practised; what was done stands in no journal."""


class TrainingLeft(Message):
    """sales, total: what was practised."""

    sales: Whole
    total: Whole


class IncidentSeen(Message):
    kind: str
    detail: str


ENTRIES: dict[str, dict[int, type[Message]]] = {
    # since 1
    "journal.opened": {1: JournalOpened},
    "shift.opened": {1: ShiftOpened},
    "shift.closed": {1: ShiftClosed},
    "cash.moved": {1: CashMoved},
    "drawer.opened": {1: DrawerOpened},
    "sign_in.refused": {1: SignInRefused},
    "approval.given": {1: ApprovalGiven},
    "line.voided": {1: LineVoided},
    "cart.cancelled": {1: CartCancelled},
    "receipt.reprinted": {1: ReceiptReprinted},
    "sale.completed": {1: SaleCompleted},
    "clock.changed": {1: ClockChanged},
    "settings.applied": {1: SettingsApplied},
    "incident.seen": {1: IncidentSeen},
    # since 0.2.0
    "training.entered": {1: TrainingEntered},
    "training.left": {1: TrainingLeft},
    "refund.completed": {1: RefundCompleted},
    "payment.settled": {1: PaymentSettled},
    "shift.explained": {1: ShiftExplained},
}
"""The closed list of entry types a till may write, each with its versions. HQ keeps what it does not know."""

TYPE_OF: dict[type[Message], tuple[str, int]] = {
    shape: (name, version) for name, versions in ENTRIES.items() for version, shape in versions.items()
}

_decoders = {
    (name, version): msgspec.json.Decoder(shape)
    for name, versions in ENTRIES.items()
    for version, shape in versions.items()
}


def read_body(name: str, version: int, body: bytes) -> Message:
    """Decode an entry's body. Raises KeyError for a type or version not known here, msgspec.DecodeError else."""
    return _decoders[name, version].decode(body)


# --- streams down ---


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


class ClerkCodeRow(Message):
    """A code by which a customer becomes a clerk's friend in WeCom. channel: where it is shown: badge, display,
    receipt. content: the text to draw. is_store_code: 1 when it is the code of the clerk's whole store. Clerk 0 and
    channel "group": the city's group. Key: clerk.channel.
    """

    clerk: int
    channel: str
    content: str
    is_store_code: int = 0


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


class Page(Message):
    """Rows in order and the cursor after them. complete: nothing newer is left now.

    restart: the cursor was of another generation of HQ; the till forgets the stream and begins at cursor 0.
    """

    rows: list[FeedRow]
    cursor: str
    complete: bool
    restart: bool = False


# --- requests and answers ---


class EnrolRequest(Message):
    code: str
    journal_key: str
    request_key: str
    box_key: str
    program: str


class EnrolAnswer(Message):
    """token_key: sealed to the till's box key."""

    certificate: Certificate
    hq_key: str
    hq_box: str
    token_key: str
    store_name: str


class Head(Message):
    """The last entry of a journal: (0, "") when there is none. hash in base64url."""

    jid: str
    seq: int
    hash: str


class HelloRequest(Message):
    protocol: int
    program: str
    boot: str
    heads: list[Head]
    wall: int
    unsent: int
    oldest_unsent: int = 0


class HelloAnswer(Message):
    """heads: what HQ holds of each journal asked about, in the same order."""

    generation: str
    server: int
    heads: list[Head]
    oldest_protocol: int = 1


class PushRequest(msgspec.Struct, array_like=True):
    """A run of entries of one journal, in order: (header, signature, body). MessagePack, zstd-compressed."""

    entries: list[tuple[bytes, bytes, bytes]]


class PushAnswer(Message):
    """HQ's authoritative watermark after the request.

    status: ok (the prefix was extended, or everything was known), gap (the first entry is beyond the next one),
    fork (an entry differs from the one HQ holds, or does not continue it), broken (does not verify).
    """

    status: str
    seq: int
    hash: str
    generation: str
    server: int
    why: str = ""


class HashAnswer(Message):
    """HQ's hash of one entry, "" when it has none."""

    hash: str


class UnsealRequest(Message):
    box: str


class UnsealAnswer(Message):
    """box: the same secret, sealed to the till that asked."""

    box: str


class Refusal(Message):
    """Any answer that is not 2xx: a code of errors.py and the values of its sentence, pairs (Chinese, English) too."""

    code: str
    values: dict[str, str | tuple[str, str]] = {}

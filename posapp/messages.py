"""What till and HQ say to each other: the entries of a journal going up. Rows going down are in streams.py, requests
and answers in calls.py.

Shapes are frozen once an issue that introduced them has ended: a field may be added with a default, anything
else is a new version of that type. Readers ignore fields they do not know.

History of PROTOCOL
  1  enrolment, hello, push, feed; entries and streams marked "since 1" below
     later, asked for only by tills that know them: streams tiles and notices, pictures
     later: the streams and live calls of members and joining, news, sealed boxes
     later: boards, member cards, hints, visitors, leads, feedback
"""

from __future__ import annotations

from typing import Annotated

import msgspec

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


class Points(Message):
    """What a sale did to its member's points as the till worked it out. before: the balance it knew.

    base: fen that earned. rate: points for a yuan. factor: percent, all reasons multiplied (200: doubled); why: each
    of them, birthday, member_day, tier. earned: floor(base / 100 * rate * factor / 100). spent: points that paid.
    """

    before: Whole
    base: Whole
    rate: Whole
    factor: Whole
    earned: Whole
    spent: Whole = 0
    why: list[str] = []


class SaleCompleted(Message):
    """total = sum of the lines; due = total + rounding = sum of the tenders.

    member: who bought, "" for a walk-in. join: the ticket's join token. how: how the member was recognised.
    priced: the instant that decided on prices bound to a day. points: none for a walk-in, whose later claim HQ works
    out. hook: the words around the join code on the receipt, as HQ named them.
    """

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
    how: str = ""
    priced: Whole = 0
    points: Points | None = None
    hook: str = ""


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


class JoinShown(Message):
    """A join code was there to be scanned. surface: a channel of join_token.py. hook: the words around it, as HQ named
    them, "" for the program's own. seconds: how long it stood, 0 on paper."""

    token: str
    surface: str
    ticket: str = ""
    hook: str = ""
    seconds: Whole = 0


class MemberRecognised(Message):
    """how: phone, code, tail, join (the open ticket's code was scanned), assisted. source: slice or hq.

    ms: from the question to the answer."""

    member: str
    how: str
    source: str
    ticket: str = ""
    ms: Whole = 0


class Consent(Message):
    """One purpose: terms, marketing, personal, ... version: of the text that was shown, hash: its SHA-256."""

    purpose: str
    given: Whole
    version: str
    hash: str = ""


class MemberJoined(Message):
    """A customer joined at the till; member is the id it gave them. The phone is in a sealed box that follows by its
    own way, box is the SHA-256 of salt and box in base64url. verified: HQ sent a code to the phone and it came back."""

    member: str
    token: str
    ticket: str
    box: str
    salt: str
    consents: list[Consent]
    verified: Whole = 0


class ConsentChanged(Message):
    """A member gave or took back consent at the till: withdrawn counts at once, given to marketing once confirmed."""

    member: str
    consents: list[Consent]


class PrivacyRequested(Message):
    """kind: access, correct, withdraw, erase, impersonal. HQ's code to their phone goes on from here."""

    member: str
    kind: str


class AttributeNoted(Message):
    """Two taps at the counter: what a member likes; value "" takes it back."""

    member: str
    name: str
    value: str


class MessageRequested(Message):
    """A customer asked for a text message about a ticket; the phone is in a sealed box, as in member.joined.

    template: receipt or claim."""

    ticket: str
    template: str
    box: str
    salt: str
    member: str = ""
    token: str = ""
    sale: str = ""


class HintShown(Message):
    """A hint stood before the cashier when its member was recognised, once a ticket. outcome: accepted (its key was
    pressed), declined (put away), ignored (the ticket ended without either). seconds: how long it stood."""

    hint: str
    member: str
    ticket: str
    outcome: str
    seconds: Whole = 0


class AddonShown(Message):
    """Articles suggested beside a ticket, at most three, and those of them that were put on it."""

    ticket: str
    articles: list[str]
    added: list[str] = []
    member: str = ""


class LeadDone(Message):
    """What became of something to do about a member. outcome: done, not_reached, declined."""

    lead: str
    outcome: str
    note: str = ""


class VisitNoted(Message):
    """What became of one of today's likely visitors: bought, looked, not_talked. date: of the list."""

    member: str
    date: str
    outcome: str


class FeedbackPosted(Message):
    """What a customer said, in a clerk's words: no name, no number. category: goods, price, service, shop, other."""

    feedback: str
    category: str
    text: str
    ticket: str = ""


class GuestServed(Message):
    """From somebody's arrival to the first serve. kind: reception, booking or pickup; ref: whose, "" for a walk-in."""

    kind: str
    arrived: Whole
    served: Whole
    ref: str = ""


class BoardExported(Message):
    """Figures left the till as a file, without persons. what: the board; reason: in the words of who took them."""

    what: str
    date: str
    reason: str
    rows: Whole = 0


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
    # since 0.3.0
    "join.shown": {1: JoinShown},
    "member.recognised": {1: MemberRecognised},
    "member.joined": {1: MemberJoined},
    "consent.changed": {1: ConsentChanged},
    "privacy.requested": {1: PrivacyRequested},
    "attribute.noted": {1: AttributeNoted},
    "message.requested": {1: MessageRequested},
    # since 0.4.0
    "hint.shown": {1: HintShown},
    "addon.shown": {1: AddonShown},
    "lead.done": {1: LeadDone},
    "visit.noted": {1: VisitNoted},
    "feedback.posted": {1: FeedbackPosted},
    "guest.served": {1: GuestServed},
    "board.exported": {1: BoardExported},
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

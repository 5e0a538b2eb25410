"""Requests and answers: what a till asks HQ and is told at once."""

from __future__ import annotations

import msgspec

from posapp.keys import Certificate
from posapp.messages import Message
from posapp.streams import CardRow, FeedRow, MemberRow


class Page(Message):
    """Rows in order and the cursor after them. complete: nothing newer is left now.

    restart: the cursor was of another generation of HQ; the till forgets the stream and begins at cursor 0.
    """

    rows: list[FeedRow]
    cursor: str
    complete: bool
    restart: bool = False


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


class NewsRequest(Message):
    """Which streams have rows beyond these cursors? hold 1: HQ answers when there are some, or after a while with
    none; 0: at once."""

    cursors: dict[str, str]
    hold: int = 0


class NewsAnswer(Message):
    streams: list[str]


class LookupKeysRequest(Message):
    """The keys with which members' phones are looked up."""


class LookupKeysAnswer(Message):
    """keys: by period, sealed to the till's box key with purpose "lookup"; the newest period is the last."""

    keys: dict[str, str]


class FindMemberRequest(Message):
    """Who is this? kind: phone (value sealed to HQ's box key with purpose "member") or code (its SHA-256)."""

    id: str
    kind: str
    value: str
    clerk: int


class FindMemberAnswer(Message):
    """member "" when nobody is known by it."""

    member: str = ""
    row: MemberRow | None = None
    card: CardRow | None = None


class HoldPointsRequest(Message):
    """Set points of a member aside for a ticket; asked again under the same id, the answer is the same."""

    id: str
    member: str
    ticket: str
    points: int


class HoldPointsAnswer(Message):
    """points: that are held; fewer than asked for when the balance is less."""

    points: int
    balance: int


class OpenFigureRequest(Message):
    """What a figure of the till's own store was made of. metric: of METRICS; axis and key: as in DayFigures."""

    date: str
    metric: str
    axis: str = "all"
    key: str = ""


class FigureItem(Message):
    """A ticket (kind ticket: receipt and fen) or a join (kind join), newest first. member: masked, "" for a walk-in."""

    kind: str
    at: int
    till: int
    clerk: int
    receipt: str = ""
    fen: int = 0
    channel: str = ""
    member: str = ""


class OpenFigureAnswer(Message):
    """more: how many there are beyond those listed."""

    items: list[FigureItem]
    more: int = 0


class BoxRequest(Message):
    """A sealed box of an entry: salt and box as the entry's digest covers them, purpose "person"."""

    event: str
    box: str


class BoxAnswer(Message):
    """is_held 0: another till's box has this name. is_refused 1: whoever has this phone refused all messages."""

    is_held: int
    is_refused: int = 0


class CodeRequest(Message):
    """Send a code to a phone (sealed, purpose "member") so that its owner can confirm it at the counter."""

    id: str
    phone: str
    purpose: str


class CodeAnswer(Message):
    """status: queued, capped (the code before it is still good), or off (HQ sends no text messages)."""

    status: str


class ConfirmRequest(Message):
    """The code came back. Raises wrong_code at HQ when it is another."""

    id: str
    phone: str
    purpose: str
    code: str


class ConfirmAnswer(Message):
    status: str


class UnsealRequest(Message):
    box: str


class UnsealAnswer(Message):
    """box: the same secret, sealed to the till that asked."""

    box: str


class Refusal(Message):
    """Any answer that is not 2xx: a code of errors.py and the values of its sentence, pairs (Chinese, English) too."""

    code: str
    values: dict[str, str | tuple[str, str]] = {}

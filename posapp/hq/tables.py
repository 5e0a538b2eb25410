"""HQ's tables on one page: what came in (raw, for ever), what HQ decides, and what follows from the raw.

Amounts are fen, quantities thousandths, instants UTC milliseconds, journal ids and keys base64url text.
Tables of PROJECTED hold nothing that cannot be worked out again from `batch` and `entry`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text

SCHEMA = 2

Whole = BigInteger().with_variant(Integer(), "sqlite")
# PostgreSQL sorts by the database's language unless told; a cursor wants plain code points.
Word = Text().with_variant(Text(collation="C"), "postgresql")

metadata = MetaData()


def _table(name: str, *columns: Any) -> Table:
    return Table(name, metadata, *columns, sqlite_strict=True)


def _key(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, primary_key=True, nullable=False, autoincrement=False)


def _whole(name: str, default: int | None = None) -> Column[Any]:
    return Column(name, Whole, nullable=False, default=default)


def _word(name: str, default: str | None = None) -> Column[Any]:
    return Column(name, Word, nullable=False, default=default)


about = _table("about", _key("name", Word), _word("value"))

counter = _table("counter", _key("name", Word), _whole("n"))

# --- who there is ---

store = _table("store", _key("number", Whole), _word("name"), _whole("created"))

# serial: of the last enrolment. revoked: every enrolment up to this serial is shut out.
till = _table(
    "till", _key("store", Whole), _key("till", Whole), _whole("serial", 0), _whole("revoked", 0), _whole("created")
)

# use: journal or request. Keys of all enrolments stay, because entries signed with them stay.
till_key = _table(
    "till_key",
    _key("key_id", Word),
    _key("use", Word),
    _whole("store"),
    _whole("till"),
    _whole("serial"),
    _word("public"),
    _word("certificate"),
    Index("till_key_till", "store", "till"),
)

# scope: chain or store:<n>. pin: Argon2id hash.
clerk = _table(
    "clerk",
    _key("number", Whole),
    _word("scope"),
    _word("name"),
    _word("role"),
    _word("pin"),
    _whole("active", 1),
)

# hash: SHA-256 of the badge's code in hexadecimal; the code itself is on the badge only.
badge = _table("badge", _key("clerk", Whole), _word("hash"))

# used_by: the request key it was used with; answer: what that till was told, to be told again.
enrolment = _table(
    "enrolment",
    _key("handle", Word),
    Column("digest", LargeBinary, nullable=False),
    _whole("store"),
    _whole("till"),
    _whole("expires"),
    _whole("tries", 0),
    _word("used_by", ""),
    _word("answer", ""),
)

nonce = _table("nonce", _key("key", Word), _key("nonce", Word), _whole("created"), Index("nonce_created", "created"))

# wall_ahead: the till's wall clock minus HQ's at the last hello.
till_status = _table(
    "till_status",
    _key("store", Whole),
    _key("till", Whole),
    _whole("contact", 0),
    _whole("unsent", 0),
    _whole("oldest_unsent", 0),
    _word("program", ""),
    _word("boot", ""),
    _whole("wall_ahead", 0),
)

# --- what HQ decides ---

setting = _table("setting", _key("scope", Word), _key("name", Word), _word("value"))

# codes: JSON list of [code, rank]. cost in fen. since: number in the order of `batch` it is known from
# (0 while its own transaction runs), so that "unknown article" means the same when tables are made again.
article = _table(
    "article",
    _key("scope", Word),
    _key("id", Word),
    _word("name"),
    _word("unit"),
    _word("tax"),
    _word("codes"),
    _whole("weighed"),
    _whole("discountable"),
    _whole("bargain"),
    _whole("points"),
    _word("category_code"),
    _word("category"),
    _word("spec"),
    _word("origin"),
    _word("pinyin"),
    _word("initials"),
    _whole("cost"),
    _whole("since", 0),
    Index("article_id", "id"),
)

book = _table("book", _key("version", Whole), _word("scope"), _whole("created"), _word("source"))

# price 0: the price was taken away from then on.
price = _table(
    "price",
    _key("scope", Word),
    _key("article", Word),
    _key("starts", Whole),
    _whole("book"),
    _whole("price"),
    _whole("member"),
    _whole("lowest"),
)

# Tiles as they were imported; the automatic first page of a store stands in the feed only. Since schema 2.
tile = _table(
    "tile",
    _key("scope", Word),
    _key("page", Whole),
    _key("place", Whole),
    _word("title"),
    _word("article"),
    _word("label"),
    _word("colour"),
    _word("picture"),
)

# date: the business date for which a store's automatic page was worked out. Since schema 2.
tile_day = _table("tile_day", _key("store", Whole), _word("date"))

# hash: SHA-256 of data in hexadecimal. Since schema 2.
picture = _table(
    "picture",
    _key("hash", Word),
    _word("kind"),
    _whole("width"),
    _whole("height"),
    Column("data", LargeBinary, nullable=False),
    _whole("added"),
)

# ends 0: until it is removed. Since schema 2.
notice = _table(
    "notice",
    _key("number", Whole),
    _word("scope"),
    _word("picture"),
    _word("caption"),
    _whole("starts"),
    _whole("ends"),
    _whole("place"),
)

# data: canonical JSON of the stream's row; empty when the row is gone.
feed = _table(
    "feed",
    _key("stream", Word),
    _key("scope", Word),
    _key("key", Word),
    _whole("v"),
    Column("data", LargeBinary, nullable=False),
    Index("feed_order", "stream", "v", "scope", "key"),
)

# --- what the tills sent, verbatim ---

journal_head = _table(
    "journal_head",
    _key("jid", Word),
    _whole("store"),
    _whole("till"),
    _whole("seq"),
    Column("hash", LargeBinary, nullable=False),
    _word("boot"),
    Index("journal_head_till", "store", "till"),
)

# known: 0 first seen here, 1 the same event as one in another place, 2 its identity belongs to another event.
entry = _table(
    "entry",
    _key("jid", Word),
    _key("seq", Whole),
    _word("event"),
    _whole("known"),
    Column("header", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

event_identity = _table(
    "event_identity",
    _key("store", Whole),
    _key("till", Whole),
    _key("event", Word),
    _word("jid"),
    _whole("seq"),
    _word("digest"),
)

# n: the order in which HQ received; entries first_seq to last_seq of a journal came together.
batch = _table(
    "batch",
    _key("n", Whole),
    _word("jid"),
    _whole("store"),
    _whole("till"),
    _whole("first_seq"),
    _whole("last_seq"),
    _whole("received"),
    Index("batch_till", "store", "till", "n"),
)

# --- what follows from it ---


def _entry_of() -> list[Column[Any]]:
    return [_key("jid", Word), _key("seq", Whole)]


def _place() -> list[Column[Any]]:
    return [_whole("store"), _whole("till"), _word("date")]


sale = _table(
    "sale",
    *_entry_of(),
    *_place(),
    _word("event"),
    _word("receipt"),
    _whole("counter"),
    _whole("clerk"),
    _word("shift"),
    _word("ticket"),
    _whole("opened"),
    _whole("paid"),
    _whole("effective"),
    _whole("trust"),
    _whole("lines"),
    _whole("total"),
    _whole("rounding"),
    _whole("change"),
    _word("member"),
    _word("join"),
    Index("sale_date", "store", "date"),
    Index("sale_receipt", "receipt"),
)

# pos: place in the entry; n: the number on the ticket. off: what reasons took off or added, why: JSON.
sale_line = _table(
    "sale_line",
    *_entry_of(),
    _key("pos", Whole),
    *_place(),
    _whole("n"),
    _word("article"),
    _word("code"),
    _word("name"),
    _word("unit"),
    _whole("qty"),
    _whole("price"),
    _whole("amount"),
    _word("rate"),
    _whole("tax"),
    _whole("book"),
    _whole("off"),
    _word("why"),
    Index("sale_line_date", "store", "date"),
)

tender = _table(
    "tender",
    *_entry_of(),
    _key("pos", Whole),
    *_place(),
    _word("kind"),
    _whole("amount"),
    _whole("given"),
    _word("ref"),
    Index("tender_date", "store", "date"),
)

sale_tax = _table(
    "sale_tax",
    *_entry_of(),
    _key("pos", Whole),
    *_place(),
    _word("rate"),
    _whole("amount"),
    _whole("tax"),
    Index("sale_tax_date", "store", "date"),
)

# receipt: its own number; sale, sale_receipt: event id and number of the sale that money went back for.
refund = _table(
    "refund",
    *_entry_of(),
    *_place(),
    _word("event"),
    _word("receipt"),
    _whole("counter"),
    _word("kind"),
    _word("sale"),
    _word("sale_receipt"),
    _whole("clerk"),
    _whole("by"),
    _word("shift"),
    _whole("done"),
    _whole("effective"),
    _whole("total"),
    _whole("rounding"),
    _word("reason"),
    _word("member"),
    Index("refund_date", "store", "date"),
    Index("refund_sale", "sale"),
)

# n: the line's number on the sale's ticket.
refund_line = _table(
    "refund_line",
    *_entry_of(),
    _key("pos", Whole),
    *_place(),
    _whole("n"),
    _word("article"),
    _whole("qty"),
    _whole("amount"),
    _word("rate"),
    _whole("tax"),
    _whole("off"),
    Index("refund_line_date", "store", "date"),
)

refund_tender = _table(
    "refund_tender",
    *_entry_of(),
    _key("pos", Whole),
    *_place(),
    _word("kind"),
    _whole("amount"),
    _word("ref"),
    Index("refund_tender_date", "store", "date"),
)

refund_tax = _table(
    "refund_tax",
    *_entry_of(),
    _key("pos", Whole),
    *_place(),
    _word("rate"),
    _whole("amount"),
    _whole("tax"),
    Index("refund_tax_date", "store", "date"),
)

# A tender that could only be believed was found in the shop's account; tender: its number in the sale.
settlement = _table(
    "settlement",
    *_entry_of(),
    *_place(),
    _word("sale"),
    _word("receipt"),
    _whole("tender"),
    _word("kind"),
    _whole("amount"),
    _word("ref"),
    _word("how"),
    _whole("clerk"),
    _whole("effective"),
    Index("settlement_sale", "sale", "tender"),
)

cash_move = _table(
    "cash_move",
    *_entry_of(),
    *_place(),
    _word("shift"),
    _whole("clerk"),
    _whole("by"),
    _whole("amount"),
    _word("reason"),
    _whole("effective"),
    Index("cash_move_date", "store", "date"),
)

event = _table(
    "event",
    *_entry_of(),
    *_place(),
    _word("event"),
    _word("type"),
    _whole("version"),
    _whole("clerk"),
    _whole("by"),
    _whole("wall"),
    _whole("effective"),
    _word("body"),
    Index("event_date", "store", "date", "type"),
)

# The conflict and notice book: what stands but does not agree. detail: JSON.
flag = _table(
    "flag",
    *_entry_of(),
    _key("pos", Whole),
    *_place(),
    _word("kind"),
    _word("detail"),
    Index("flag_date", "store", "date"),
)

# held_*: sums of what HQ has of the shift; counted and the rest: what the till said when it closed.
shift = _table(
    "shift",
    _key("store", Whole),
    _key("till", Whole),
    _key("shift", Word),
    _word("date"),
    _whole("clerk"),
    _whole("opened"),
    _whole("float"),
    _whole("closed"),
    _whole("counted"),
    _whole("expected"),
    _whole("held_sales"),
    _whole("held_total"),
    _whole("held_rounding"),
    _whole("held_cash_in"),
    _whole("held_cash_out"),
    _word("held_tenders"),
    _whole("held_refunds"),
    _whole("held_refunded"),
    _word("held_back"),
)

# What has gone back for a sale so far: sold is the sale's total as the refunds tell it.
refunded = _table(
    "refunded",
    _key("store", Whole),
    _key("till", Whole),
    _key("sale", Word),
    _word("receipt"),
    _whole("sold"),
    _whole("times"),
    _whole("total"),
)

ADDED = {shift: {"held_refunds": "0", "held_refunded": "0", "held_back": "'{}'"}}
"""Columns that tables of older databases lack, each with what stands there then, in SQL."""

# How far the projection of a journal is: last entry seen, its effective time, last receipt counter.
journal_state = _table(
    "journal_state",
    _key("jid", Word),
    _whole("store"),
    _whole("till"),
    _word("label"),
    _word("reason"),
    _word("parent"),
    _whole("seq"),
    _whole("effective"),
    _whole("counter"),
    Index("journal_state_till", "store", "till"),
)

# code: too_new, bad_schema or projector_bug. resolved: 0 while a person should look.
quarantine = _table(
    "quarantine",
    *_entry_of(),
    _whole("store"),
    _whole("till"),
    _word("code"),
    _word("detail"),
    _whole("first"),
    _whole("tries"),
    _whole("resolved"),
)

BY_ENTRY: tuple[Table, ...] = (
    sale,
    sale_line,
    tender,
    sale_tax,
    refund,
    refund_line,
    refund_tender,
    refund_tax,
    settlement,
    cash_move,
    event,
    flag,
)
BY_TILL: tuple[Table, ...] = (shift, journal_state, refunded)
PROJECTED = BY_ENTRY + BY_TILL

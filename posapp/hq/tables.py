"""HQ's tables on one page: what came in (raw, for ever), what HQ decides, and what follows from the raw.

Amounts are fen, quantities thousandths, instants UTC milliseconds, journal ids and keys base64url text.
Tables of PROJECTED hold nothing that cannot be worked out again from `batch` and `entry`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Index, LargeBinary, Table, text

from posapp.hq.columns import Whole, Word, key, table, whole, word
from posapp.hq.joining.tables import claim, token_open
from posapp.hq.members.tables import benefit, person, person_key

SCHEMA = 4

about = table("about", key("name", Word), word("value"))

counter = table("counter", key("name", Word), whole("n"))

# --- who there is ---

store = table("store", key("number", Whole), word("name"), whole("created"))

# serial: of the last enrolment. revoked: every enrolment up to this serial is shut out.
till = table("till", key("store", Whole), key("till", Whole), whole("serial", 0), whole("revoked", 0), whole("created"))

# use: journal or request. Keys of all enrolments stay, because entries signed with them stay.
till_key = table(
    "till_key",
    key("key_id", Word),
    key("use", Word),
    whole("store"),
    whole("till"),
    whole("serial"),
    word("public"),
    word("certificate"),
    Index("till_key_till", "store", "till"),
)

# scope: chain or store:<n>. pin: Argon2id hash.
clerk = table(
    "clerk",
    key("number", Whole),
    word("scope"),
    word("name"),
    word("role"),
    word("pin"),
    whole("active", 1),
)

# hash: SHA-256 of the badge's code in hexadecimal; the code itself is on the badge only.
badge = table("badge", key("clerk", Whole), word("hash"))

# used_by: the request key it was used with; answer: what that till was told, to be told again.
enrolment = table(
    "enrolment",
    key("handle", Word),
    Column("digest", LargeBinary, nullable=False),
    whole("store"),
    whole("till"),
    whole("expires"),
    whole("tries", 0),
    word("used_by", ""),
    word("answer", ""),
)

nonce = table("nonce", key("key", Word), key("nonce", Word), whole("created"), Index("nonce_created", "created"))

# wall_ahead: the till's wall clock minus HQ's at the last hello.
till_status = table(
    "till_status",
    key("store", Whole),
    key("till", Whole),
    whole("contact", 0),
    whole("unsent", 0),
    whole("oldest_unsent", 0),
    word("program", ""),
    word("boot", ""),
    whole("wall_ahead", 0),
)

# --- what HQ decides ---

setting = table("setting", key("scope", Word), key("name", Word), word("value"))

# codes: JSON list of [code, rank]. cost in fen. since: number in the order of `batch` it is known from
# (0 while its own transaction runs), so that "unknown article" means the same when tables are made again.
article = table(
    "article",
    key("scope", Word),
    key("id", Word),
    word("name"),
    word("unit"),
    word("tax"),
    word("codes"),
    whole("weighed"),
    whole("discountable"),
    whole("bargain"),
    whole("points"),
    word("category_code"),
    word("category"),
    word("spec"),
    word("origin"),
    word("pinyin"),
    word("initials"),
    whole("cost"),
    whole("since", 0),
    Index("article_id", "id"),
)

book = table("book", key("version", Whole), word("scope"), whole("created"), word("source"))

# price 0: the price was taken away from then on.
price = table(
    "price",
    key("scope", Word),
    key("article", Word),
    key("starts", Whole),
    whole("book"),
    whole("price"),
    whole("member"),
    whole("lowest"),
)

# Tiles as they were imported; the automatic first page of a store stands in the feed only. Since schema 2.
tile = table(
    "tile",
    key("scope", Word),
    key("page", Whole),
    key("place", Whole),
    word("title"),
    word("article"),
    word("label"),
    word("colour"),
    word("picture"),
)

# date: the business date for which a store's automatic page was worked out. Since schema 2.
tile_day = table("tile_day", key("store", Whole), word("date"))

# hash: SHA-256 of data in hexadecimal. Since schema 2.
picture = table(
    "picture",
    key("hash", Word),
    word("kind"),
    whole("width"),
    whole("height"),
    Column("data", LargeBinary, nullable=False),
    whole("added"),
)

# ends 0: until it is removed. Since schema 2.
notice = table(
    "notice",
    key("number", Whole),
    word("scope"),
    word("picture"),
    word("caption"),
    whole("starts"),
    whole("ends"),
    whole("place"),
)

# data: canonical JSON of the stream's row; empty when the row is gone.
feed = table(
    "feed",
    key("stream", Word),
    key("scope", Word),
    key("key", Word),
    whole("v"),
    Column("data", LargeBinary, nullable=False),
    Index("feed_order", "stream", "v", "scope", "key"),
)

# --- what the tills sent, verbatim ---

journal_head = table(
    "journal_head",
    key("jid", Word),
    whole("store"),
    whole("till"),
    whole("seq"),
    Column("hash", LargeBinary, nullable=False),
    word("boot"),
    Index("journal_head_till", "store", "till"),
)

# known: 0 first seen here, 1 the same event as one in another place, 2 its identity belongs to another event.
entry = table(
    "entry",
    key("jid", Word),
    key("seq", Whole),
    word("event"),
    whole("known"),
    Column("header", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

event_identity = table(
    "event_identity",
    key("store", Whole),
    key("till", Whole),
    key("event", Word),
    word("jid"),
    whole("seq"),
    word("digest"),
)

# n: the order in which HQ received; entries first_seq to last_seq of a journal came together.
batch = table(
    "batch",
    key("n", Whole),
    word("jid"),
    whole("store"),
    whole("till"),
    whole("first_seq"),
    whole("last_seq"),
    whole("received"),
    Index("batch_till", "store", "till", "n"),
)

# --- what follows from it ---


def _entry_of() -> list[Column[Any]]:
    return [key("jid", Word), key("seq", Whole)]


def _place() -> list[Column[Any]]:
    return [whole("store"), whole("till"), word("date")]


sale = table(
    "sale",
    *_entry_of(),
    *_place(),
    word("event"),
    word("receipt"),
    whole("counter"),
    whole("clerk"),
    word("shift"),
    word("ticket"),
    whole("opened"),
    whole("paid"),
    whole("effective"),
    whole("trust"),
    whole("lines"),
    whole("total"),
    whole("rounding"),
    whole("change"),
    word("member"),
    word("join"),
    word("how"),
    whole("priced"),
    word("points"),
    Index("sale_date", "store", "date"),
    Index("sale_receipt", "receipt"),
    Index("sale_member", "member", sqlite_where=text("member != ''"), postgresql_where=text("member != ''")),
    Index("sale_join", "join", sqlite_where=text("\"join\" != ''"), postgresql_where=text("\"join\" != ''")),
)

# pos: place in the entry; n: the number on the ticket. off: what reasons took off or added, why: JSON.
sale_line = table(
    "sale_line",
    *_entry_of(),
    key("pos", Whole),
    *_place(),
    whole("n"),
    word("article"),
    word("code"),
    word("name"),
    word("unit"),
    whole("qty"),
    whole("price"),
    whole("amount"),
    word("rate"),
    whole("tax"),
    whole("book"),
    whole("off"),
    word("why"),
    Index("sale_line_date", "store", "date"),
)

tender = table(
    "tender",
    *_entry_of(),
    key("pos", Whole),
    *_place(),
    word("kind"),
    whole("amount"),
    whole("given"),
    word("ref"),
    Index("tender_date", "store", "date"),
)

sale_tax = table(
    "sale_tax",
    *_entry_of(),
    key("pos", Whole),
    *_place(),
    word("rate"),
    whole("amount"),
    whole("tax"),
    Index("sale_tax_date", "store", "date"),
)

# receipt: its own number; sale, sale_receipt: event id and number of the sale that money went back for.
refund = table(
    "refund",
    *_entry_of(),
    *_place(),
    word("event"),
    word("receipt"),
    whole("counter"),
    word("kind"),
    word("sale"),
    word("sale_receipt"),
    whole("clerk"),
    whole("by"),
    word("shift"),
    whole("done"),
    whole("effective"),
    whole("total"),
    whole("rounding"),
    word("reason"),
    word("member"),
    Index("refund_date", "store", "date"),
    Index("refund_sale", "sale"),
)

# n: the line's number on the sale's ticket.
refund_line = table(
    "refund_line",
    *_entry_of(),
    key("pos", Whole),
    *_place(),
    whole("n"),
    word("article"),
    whole("qty"),
    whole("amount"),
    word("rate"),
    whole("tax"),
    whole("off"),
    Index("refund_line_date", "store", "date"),
)

refund_tender = table(
    "refund_tender",
    *_entry_of(),
    key("pos", Whole),
    *_place(),
    word("kind"),
    whole("amount"),
    word("ref"),
    Index("refund_tender_date", "store", "date"),
)

refund_tax = table(
    "refund_tax",
    *_entry_of(),
    key("pos", Whole),
    *_place(),
    word("rate"),
    whole("amount"),
    whole("tax"),
    Index("refund_tax_date", "store", "date"),
)

# A tender that could only be believed was found in the shop's account; tender: its number in the sale.
settlement = table(
    "settlement",
    *_entry_of(),
    *_place(),
    word("sale"),
    word("receipt"),
    whole("tender"),
    word("kind"),
    whole("amount"),
    word("ref"),
    word("how"),
    whole("clerk"),
    whole("effective"),
    Index("settlement_sale", "sale", "tender"),
)

cash_move = table(
    "cash_move",
    *_entry_of(),
    *_place(),
    word("shift"),
    whole("clerk"),
    whole("by"),
    whole("amount"),
    word("reason"),
    whole("effective"),
    Index("cash_move_date", "store", "date"),
)

event = table(
    "event",
    *_entry_of(),
    *_place(),
    word("event"),
    word("type"),
    whole("version"),
    whole("clerk"),
    whole("by"),
    whole("wall"),
    whole("effective"),
    word("body"),
    Index("event_date", "store", "date", "type"),
)

# The conflict and notice book: what stands but does not agree. detail: JSON.
flag = table(
    "flag",
    *_entry_of(),
    key("pos", Whole),
    *_place(),
    word("kind"),
    word("detail"),
    Index("flag_date", "store", "date"),
)

# held_*: sums of what HQ has of the shift; counted and the rest: what the till said when it closed.
shift = table(
    "shift",
    key("store", Whole),
    key("till", Whole),
    key("shift", Word),
    word("date"),
    whole("clerk"),
    whole("opened"),
    whole("float"),
    whole("closed"),
    whole("counted"),
    whole("expected"),
    whole("held_sales"),
    whole("held_total"),
    whole("held_rounding"),
    whole("held_cash_in"),
    whole("held_cash_out"),
    word("held_tenders"),
    whole("held_refunds"),
    whole("held_refunded"),
    word("held_back"),
)

# What has gone back for a sale so far: sold is the sale's total as the refunds tell it.
refunded = table(
    "refunded",
    key("store", Whole),
    key("till", Whole),
    key("sale", Word),
    word("receipt"),
    whole("sold"),
    whole("times"),
    whole("total"),
)

ADDED: dict[Table, dict[str, str]] = {
    shift: {"held_refunds": "0", "held_refunded": "0", "held_back": "'{}'"},
    sale: {"how": "''", "priced": "0", "points": "''"},
    token_open: {"first": "0", "authorised": "0"},
    claim: {"settled": "0"},
    person: {"activated": "0"},
    person_key: {},
    benefit: {"waits": "0"},
}
"""Columns that tables of older databases lack, each with what stands there then, in SQL."""

# How far the projection of a journal is: last entry seen, its effective time, last receipt counter.
journal_state = table(
    "journal_state",
    key("jid", Word),
    whole("store"),
    whole("till"),
    word("label"),
    word("reason"),
    word("parent"),
    whole("seq"),
    whole("effective"),
    whole("counter"),
    Index("journal_state_till", "store", "till"),
)

# code: too_new, bad_schema or projector_bug. resolved: 0 while a person should look.
quarantine = table(
    "quarantine",
    *_entry_of(),
    whole("store"),
    whole("till"),
    word("code"),
    word("detail"),
    whole("first"),
    whole("tries"),
    whole("resolved"),
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

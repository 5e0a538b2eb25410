"""The till's three files, table by table. Any room may read any table; only its owner writes it."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

EPOCH_PLACES = 1 << 36
"""An entry's place is epoch ordinal * EPOCH_PLACES + seq: one integer key that only ever grows."""

LINE_PLACES = 1 << 12
"""Rows of which an entry has several stand at place * LINE_PLACES + n: a key that only grows, too, is what costs a
sale the fewest pages."""


def whole(name: str, nullable: bool = False) -> Column[int]:
    return Column(name, Integer, nullable=nullable)


def words(name: str, nullable: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable)


# --- till.db: what happened here; never lost ---

till = MetaData()

epoch = Table(
    "epoch",
    till,
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("jid", Text, nullable=False, unique=True),
    words("label"),
    words("certificate"),
)  # owner: journal

journal = Table(
    "journal",
    till,
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("header", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
)  # owner: journal; rows are never changed, see SCHEMA_EXTRAS

sale = Table(
    "sale",
    till,
    Column("place", Integer, ForeignKey("journal.place"), primary_key=True, autoincrement=False),
    Column("receipt", Text, nullable=False, unique=True),
    words("ticket"),
    words("shift"),
    words("business_date"),
    whole("clerk"),
    whole("opened"),
    whole("paid"),
    whole("total"),
    whole("rounding"),
    whole("change"),
)  # owner: selling

sale_line = Table(
    "sale_line",
    till,
    Column("id", Integer, primary_key=True, autoincrement=False),
    words("article"),
    words("code"),
    words("name"),
    words("unit"),
    whole("qty"),
    whole("price"),
    whole("amount"),
    words("rate"),
    whole("tax"),
    whole("book"),
)  # owner: selling; id: place and number of the line

tender = Table(
    "tender",
    till,
    Column("id", Integer, primary_key=True, autoincrement=False),
    words("kind"),
    whole("amount"),
    whole("given"),
    words("ref"),
)  # owner: selling; id: place and number of the tender

refund = Table(
    "refund",
    till,
    Column("place", Integer, ForeignKey("journal.place"), primary_key=True, autoincrement=False),
    Column("receipt", Text, nullable=False, unique=True),
    words("kind"),
    words("sale_receipt"),
    words("shift"),
    words("business_date"),
    whole("clerk"),
    whole("by"),
    whole("done"),
    whole("total"),
    whole("rounding"),
    Index("refund_of", "sale_receipt"),
)  # owner: selling; receipt: its own number; sale_receipt: of the sale that it gives money back for

refund_line = Table(
    "refund_line",
    till,
    Column("id", Integer, primary_key=True, autoincrement=False),
    whole("qty"),
    whole("amount"),
    whole("tax"),
)  # owner: selling; id: place and number of the line on the sale's ticket

refund_tender = Table(
    "refund_tender",
    till,
    Column("id", Integer, primary_key=True, autoincrement=False),
    words("kind"),
    whole("amount"),
    words("ref"),
)  # owner: selling; id: place and number of the tender

settlement = Table(
    "settlement",
    till,
    Column("place", Integer, ForeignKey("journal.place"), primary_key=True, autoincrement=False),
    words("receipt"),
    whole("tender"),
    words("ref"),
    Index("settlement_of", "receipt", "tender"),
)  # owner: selling; tender: its number in the sale

reprint = Table(
    "reprint",
    till,
    Column("place", Integer, primary_key=True, autoincrement=False),
    words("receipt"),
    whole("copy"),
)  # owner: selling

shift = Table(
    "shift",
    till,
    Column("place", Integer, ForeignKey("journal.place"), primary_key=True, autoincrement=False),
    Column("shift", Text, nullable=False, unique=True),
    whole("clerk"),
    whole("opened"),
    whole("float"),
)  # owner: shift

shift_close = Table(
    "shift_close",
    till,
    Column("place", Integer, ForeignKey("journal.place"), primary_key=True, autoincrement=False),
    Column("shift", Text, nullable=False, unique=True),
    whole("clerk"),
    whole("counted"),
    whole("expected"),
)  # owner: shift

shift_reason = Table(
    "shift_reason",
    till,
    Column("place", Integer, ForeignKey("journal.place"), primary_key=True, autoincrement=False),
    words("shift"),
    whole("clerk"),
    words("reason"),
)  # owner: shift; why a closed one was over or short

cash_move = Table(
    "cash_move",
    till,
    Column("place", Integer, ForeignKey("journal.place"), primary_key=True, autoincrement=False),
    words("shift"),
    whole("amount"),
    words("reason"),
)  # owner: shift

wrong_pin = Table(
    "wrong_pin",
    till,
    Column("clerk", Integer, primary_key=True, autoincrement=False),
    whole("tries"),
    whole("locked_until"),
)  # owner: shift


used = Table(
    "used",
    till,
    Column("id", Integer, primary_key=True, autoincrement=False),
    words("kind"),
    words("what"),
    words("member"),
    whole("amount"),
    Index("used_member", "member"),
)  # owner: selling; id: place and a number; kind: benefit, gift, pack (what: its id) or points; since schema 3

reserve = Table(
    "reserve",
    till,
    Column("name", Text, primary_key=True),
    whole("upto"),
)  # owner: joining; numbers up to this one may be in use already, whatever became of them; since schema 3

look_up = Table(
    "look_up",
    till,
    Column("id", Integer, primary_key=True),
    whole("clerk"),
    whole("at"),
    whole("missed"),
    words("ticket"),
    Index("look_up_at", "at"),
)  # owner: members; look-ups of the last day that count; ticket: that may still end in a sale; since schema 3

vault = Table(
    "vault",
    till,
    Column("event", Text, primary_key=True),
    words("box"),
)  # owner: members; personal data sealed to HQ, gone once HQ has it; since schema 3

noted = Table(
    "noted",
    till,
    words("whose"),
    words("kind"),
    words("name"),
    words("value"),
    whole("at"),
    PrimaryKeyConstraint("whose", "kind", "name"),
)  # owner: members; what was said here: chip and consent of a member, text asked for a ticket; since schema 3


def key_of(table: Table) -> tuple[Column[int], int]:
    """The key of a table that follows from the journal, and how many keys one entry has there."""
    return (table.c.place, 1) if "place" in table.c else (table.c.id, LINE_PLACES)


SCHEMA_EXTRAS = (
    *(
        f"CREATE TRIGGER IF NOT EXISTS journal_{name} BEFORE {change} ON journal"
        " BEGIN SELECT RAISE(ABORT, 'journal entries stay as they were written'); END"
        for name, change in (("keeps", "UPDATE"), ("stays", "DELETE"))
    ),
    # costs nothing but where a static code is taken; older files have the table already
    "CREATE INDEX IF NOT EXISTS tender_static ON tender (id) WHERE kind = 'static'",
)

# --- feed.db: what HQ gave and can give again ---

feed = MetaData()

stream = Table(
    "stream",
    feed,
    Column("name", Text, primary_key=True),
    words("cursor"),
    whole("complete"),
    whole("pulled"),
    whole("round"),
)  # owner: sync; round: counts readings from cursor 0

received = Table(
    "received",
    feed,
    words("stream"),
    words("scope"),
    words("key"),
    whole("round"),
    PrimaryKeyConstraint("stream", "scope", "key"),
    sqlite_with_rowid=False,
)  # owner: sync; what a reading from cursor 0 must find again, or it is gone

watermark = Table(
    "watermark",
    feed,
    Column("jid", Text, primary_key=True),
    whole("seq"),
    Column("shared", Integer),
)  # owner: sync; HQ's last answer, a hint that HQ's next answer corrects. shared: where a parted journal ended

article = Table(
    "article",
    feed,
    words("id"),
    whole("nearness"),
    words("name"),
    words("unit"),
    words("tax"),
    whole("weighed"),
    whole("discountable"),
    whole("bargain"),
    whole("points"),
    words("category"),
    words("spec"),
    words("pinyin"),
    words("initials"),
    PrimaryKeyConstraint("id", "nearness"),
    sqlite_with_rowid=False,
)  # owner: catalog; nearness: 0 till, 1 store, 2 chain; the nearest row speaks

code = Table(
    "code",
    feed,
    words("code"),
    whole("rank"),
    whole("nearness"),
    words("article"),
    PrimaryKeyConstraint("code", "rank", "nearness", "article"),
    Index("code_of_article", "article"),
    sqlite_with_rowid=False,
)  # owner: catalog

price = Table(
    "price",
    feed,
    words("article"),
    whole("nearness"),
    whole("starts"),
    whole("price"),
    whole("member"),
    whole("lowest"),
    whole("book"),
    Index("price_now", "article", "nearness", text("starts DESC"), unique=True),
)  # owner: catalog

found = Table(
    "found",
    feed,
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("article", Text, nullable=False, unique=True),
)  # owner: catalog; the number by which the search index knows an article; since schema 2

posting = Table(
    "posting",
    feed,
    whole("chunk"),
    words("term"),
    Column("places", LargeBinary, nullable=False),
    PrimaryKeyConstraint("chunk", "term"),
    sqlite_with_rowid=False,
)  # owner: catalog; which numbers of a chunk of `found` hold a term, see catalog/finding.py; since schema 2

tile = Table(
    "tile",
    feed,
    whole("page"),
    whole("place"),
    whole("nearness"),
    words("title"),
    words("article"),
    words("label"),
    words("colour"),
    words("picture"),
    PrimaryKeyConstraint("page", "place", "nearness"),
    sqlite_with_rowid=False,
)  # owner: catalog; the nearest scope that has a page speaks for the whole page; since schema 2

notice = Table(
    "notice",
    feed,
    words("scope"),
    words("key"),
    words("picture"),
    words("caption"),
    whole("starts"),
    whole("ends"),
    whole("place"),
    PrimaryKeyConstraint("scope", "key"),
    sqlite_with_rowid=False,
)  # owner: catalog; what the idle customer display shows, ends 0: no end; since schema 2

staff = Table(
    "staff",
    feed,
    Column("number", Integer, primary_key=True, autoincrement=False),
    words("name"),
    words("role"),
    words("pin"),
    whole("active"),
)  # owner: shift

badge = Table(
    "badge",
    feed,
    Column("hash", Text, primary_key=True),
    whole("clerk"),
)  # owner: shift; SHA-256 of the badge's code

member = Table(
    "member",
    feed,
    Column("ref", Text, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)  # owner: members; data: MemberRow as it came; since schema 3

member_key = Table(
    "member_key",
    feed,
    words("kind"),
    words("hash"),
    words("ref"),
    PrimaryKeyConstraint("kind", "hash", "ref"),
    Index("member_key_ref", "ref"),
    sqlite_with_rowid=False,
)  # owner: members; kind: phone, tail, code, alias, here; since schema 3

kept = Table(
    "kept",
    feed,
    words("stream"),
    words("key"),
    whole("nearness"),
    Column("data", LargeBinary, nullable=False),
    PrimaryKeyConstraint("stream", "key", "nearness"),
    sqlite_with_rowid=False,
)  # owner: sync; short streams that are read whole or by key, as they came; since schema 3

setting = Table(
    "setting",
    feed,
    words("key"),
    whole("nearness"),
    words("value"),
    PrimaryKeyConstraint("key", "nearness"),
)  # owner: sync

hq_key = Table(
    "hq_key",
    feed,
    Column("use", Text, primary_key=True),
    words("public"),
)  # owner: sync

# --- draft.db: open and parked carts ---

draft = MetaData()

cart = Table(
    "cart",
    draft,
    Column("name", Text, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    whole("saved"),
)  # owner: selling; the open cart's name is ""

"""How people join: codes that were opened, joins and what they are credited to, gifts, words, routes, packs."""

from __future__ import annotations

from sqlalchemy import Index

from posapp.hq.columns import Word, key, table, whole, word

# Codes that HQ made and that are printed once: stands, badges, events, a member's own for friends (ref).
static_code = table(
    "static_code",
    key("token", Word),
    word("channel"),
    whole("store"),
    whole("till"),
    whole("clerk"),
    word("ref", ""),
    word("label", ""),
    whole("made"),
    whole("revoked", 0),
    Index("static_code_ref", "ref"),
)

# A code was scanned: session is the browser's own (a random number it was given). first, at: when it was opened first
# and last. authorised: when a phone was confirmed with it, 0: not.
token_open = table(
    "token_open",
    key("session", Word),
    key("token", Word),
    word("stem"),
    word("channel"),
    whole("store"),
    whole("till"),
    whole("clerk"),
    whole("at"),
    word("target", "join"),
    whole("first", 0),
    whole("authorised", 0),
    Index("token_open_stem", "stem"),
    Index("token_open_at", "at"),
    Index("token_open_token", "token"),
    Index("token_open_place", "store", "first"),
    Index("token_open_authorised", "authorised"),
)

# One row a person for ever: the join, and where it is counted (store 0: 来源未知).
joined = table(
    "joined",
    key("ref", Word),
    whole("at"),
    whole("store"),
    whole("till"),
    whole("clerk"),
    word("channel"),
    word("token"),
    word("stem"),
    word("inviter", ""),
    Index("joined_place", "store", "at"),
    Index("joined_stem", "stem"),
    Index("joined_at", "at"),
)

# A ticket belongs to the first person who used its code. state: waiting (the sale is not here yet), done, void.
# sale: its event id. is_new: the person joined by it. settled: when it was done or void, 0 for one a till named.
claim = table(
    "claim",
    key("stem", Word),
    word("token"),
    word("ref"),
    whole("at"),
    whole("is_new"),
    word("state"),
    word("sale", ""),
    whole("points", 0),
    whole("settled", 0),
    Index("claim_state", "state"),
    Index("claim_ref", "ref"),
    Index("claim_settled", "settled"),
    Index("claim_at", "at"),
)

# What joining gives. kind: amount or gift; left: how many there still are, -1 without end. name: JSON [zh, en].
# stores: JSON list, empty for all.
campaign = table(
    "campaign",
    key("id", Word),
    word("kind"),
    word("name"),
    whole("fen"),
    whole("least"),
    word("article"),
    word("stores"),
    whole("starts"),
    whole("ends"),
    whole("days"),
    whole("left"),
)

# Once a person for ever, whatever becomes of the gift. keys: the phone's keyed hash, so that one phone gets one gift
# even after its person was deleted and joined again.
given = table("given", key("campaign", Word), key("phone", Word), word("ref"), whole("at"))

# data: canonical JSON of the stream's row.
hook = table("hook", key("scope", Word), key("id", Word), word("data"))

# Where codes of a channel lead ("" for every channel): join, clerk, group, or an address. scope: chain or store:<n>.
route = table("route", key("scope", Word), key("channel", Word), word("target"), whole("since"))

pack = table("pack", key("article", Word), word("parts"), whole("points"), whole("made"), whole("active"))

# A join pack once a person; state: bought, returned.
pack_bought = table(
    "pack_bought",
    key("ref", Word),
    key("article", Word),
    key("sale", Word),
    whole("at"),
    word("state"),
)

# One level: friend was invited by ref. state: waiting (for the first order), due, paid, cancelled. due: when the return
# window of that order ends.
referral = table(
    "referral",
    key("friend", Word),
    word("ref"),
    whole("at"),
    word("state"),
    word("sale", ""),
    whole("due", 0),
    whole("points", 0),
    word("why", ""),
    Index("referral_ref", "ref"),
    Index("referral_state", "state", "due"),
)

# A browser whose phone was confirmed. id: SHA-256 of the cookie.
page_session = table(
    "page_session",
    key("id", Word),
    word("ref"),
    whole("made"),
    whole("until"),
    word("form"),
    Index("page_session_ref", "ref"),
)

"""Persons by what they buy: their purchases, the figures of each, what is kept of all, today's visitors, spend, days.

Days are ordinals (date.toordinal) of the store's business dates, 0 for none. Money is fen, instants UTC milliseconds.
What is not imported here follows from the journals and can be made again.
"""

from __future__ import annotations

from sqlalchemy import Index

from posapp.hq.columns import Whole, Word, key, table, whole, word
from posapp.hq.joining.tables import claim
from posapp.hq.members.tables import consent

# Of whoever is known to have bought: a sale (counts 0: voided on its day), what went back (counts 0, amounts below
# zero), an order of another channel (jid "order <id>", store 0 if none). ref: the id it came to, not the root.
# margin: net - cost. given: what benefits and points took off, which net is without; gifts: what gifts cost.
purchase = table(
    "purchase",
    key("jid", Word),
    key("seq", Whole),
    word("ref"),
    whole("day"),
    whole("at"),
    whole("store"),
    word("channel"),
    whole("counts"),
    whole("net"),
    whole("margin"),
    whole("given"),
    whole("gifts"),
    Index("purchase_ref", "ref", "day"),
    Index("purchase_day", "day"),
)

# ref: the root. format: of the home store. cycle_tenths, weekday, expected, risk: 0 unknown. r, f, m: 1 to 5, 0
# without a purchase in a year. ltv: sum of margins. made: when something of it last changed but the risk alone.
person_figure = table(
    "person_figure",
    key("ref", Word),
    whole("home"),
    word("format"),
    whole("first_day"),
    whole("last_day"),
    whole("days_365"),
    whole("net_365"),
    whole("orders"),
    whole("cycle_tenths"),
    word("segment"),
    whole("r"),
    whole("f"),
    whole("m"),
    whole("weekday"),
    whole("expected"),
    whole("risk"),
    whole("ltv"),
    whole("last_at"),
    whole("made"),
    Index("person_figure_made", "made"),
    Index("person_figure_risk", "risk"),
    Index("person_figure_home", "home", "segment"),
)

# What persons of a format are measured by, as of a day. r, f, m: JSON list of the four bounds between fifths.
# median: of their cycles in twentieths of a day, 0 if nobody has one. version: of rules/rfm.py.
measure = table(
    "measure",
    key("format", Word),
    whole("day"),
    whole("version"),
    word("r"),
    word("f"),
    word("m"),
    whole("median"),
    whole("sleeps_after"),
    whole("persons"),
)

# How often two articles were on one ticket; the partners of an article that were most often.
pairing = table("pairing", key("article", Word), key("other", Word), whole("times"), whole("tickets"))

# Figures over everybody as of a day, by report and part (a month, a channel, a store ...): name of rules/dictionary.py
# or of a plain count, and its two numbers.
kept = table(
    "kept",
    key("report", Word),
    key("part", Word),
    key("name", Word),
    whole("top"),
    whole("bottom"),
    whole("day"),
    whole("version"),
)

# A store's likely visitors of a day and, place 0, who was as likely and is listed nowhere. twin: number of the pair.
# why, script: JSON [zh, en].
visitor = table(
    "visitor",
    key("day", Whole),
    key("store", Whole),
    key("ref", Word),
    whole("place"),
    whole("twin"),
    whole("score"),
    word("why"),
    word("script"),
    whole("made"),
)

# What was paid to win customers by a channel in days `starts` to `ends`.
spend = table(
    "spend",
    key("channel", Word),
    key("starts", Whole),
    key("ends", Whole),
    key("what", Word),
    whole("fen"),
    whole("made"),
)

# store 0: every store. kind: workday, weekend, holiday or "". Degrees are whole ones, and 99 where nobody knows.
day_tag = table(
    "day_tag",
    key("store", Whole),
    key("day", Whole),
    word("weather"),
    word("kind"),
    word("holiday"),
    whole("high"),
    whole("low"),
)

# What has happened since is looked for every second.
Index("claim_when", claim.c.at)
Index("consent_when", consent.c.at)

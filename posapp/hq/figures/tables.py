"""What the boards stand on: each ticket, join and opened code as the dictionary says it counts, and their sums.

All of it follows from sales, refunds, joins and claims, and can be made again; a final day's tickets stay as they were
counted. Amounts are fen, pieces thousandths, instants UTC milliseconds, dates and hours the store's own.
"""

from __future__ import annotations

from sqlalchemy import Index

from posapp.hq.columns import Whole, Word, key, table, whole, word
from posapp.rules.metrics import Figures

# A sale (rules/metrics.py, Ticket). ref: the id that bought it, at payment or by a later claim, before merges; member:
# who that was at payment, after them. The six from `completed` on are what it counts as. late: it came after its day
# was final and counts for nothing.
fact = table(
    "fact",
    key("jid", Word),
    key("seq", Whole),
    whole("store"),
    whole("till"),
    word("date"),
    word("event"),
    word("receipt"),
    whole("clerk"),
    whole("hour"),
    whole("opened"),
    whole("paid"),
    whole("net"),
    whole("pieces"),
    word("ref"),
    word("member"),
    whole("since"),
    word("stem"),
    whole("joined"),
    whole("shown"),
    whole("claimed"),
    whole("voided"),
    whole("handover"),
    whole("staff"),
    whole("completed"),
    whole("walk_in"),
    whole("converted"),
    whole("recognised"),
    whole("is_shown"),
    whole("late"),
    Index("fact_date", "store", "date"),
    Index("fact_ref", "ref", "date"),
    Index("fact_stem", "stem"),
)

# A join (rules/metrics.py, Join) on its store's date. late: HQ heard of it after that day was final.
join_fact = table(
    "join_fact",
    key("ref", Word),
    whole("store"),
    whole("till"),
    word("date"),
    whole("clerk"),
    whole("hour"),
    word("channel"),
    whole("at"),
    word("stem"),
    whole("first"),
    whole("again"),
    whole("wecom"),
    whole("late"),
    Index("join_fact_date", "store", "date"),
)

# A code that was opened (rules/metrics.py, Opened): a ticket's once, one that is printed once for many once a day.
code_fact = table(
    "code_fact",
    key("token", Word),
    key("date", Word),
    whole("store"),
    whole("till"),
    whole("clerk"),
    word("channel"),
    whole("hour"),
    whole("authorised"),
    whole("enrolled"),
    Index("code_fact_date", "store", "date"),
)

# Sums by the axes of rules/metrics.py; key "" for the whole day.
tally = table(
    "tally",
    key("store", Whole),
    key("date", Word),
    key("axis", Word),
    key("key", Word),
    *(whole(name) for name in Figures.__struct_fields__),
    Index("tally_axis", "axis", "date", "store"),
)

# A store-day. state: of rules/metrics.py. made: when its figures changed last. complete, updated, frozen: when every
# till had told it, when late data changed it after that, when it became final; 0 not yet. late, late_net: tickets that
# came too late to count, and what they came to. version: of the dictionary. zone, turns: the time zone and cut-over
# hour that it was counted by.
tally_day = table(
    "tally_day",
    key("store", Whole),
    key("date", Word),
    word("state"),
    whole("made"),
    whole("complete"),
    whole("updated"),
    whole("frozen"),
    whole("late"),
    whole("late_net"),
    whole("version"),
    word("zone"),
    whole("turns"),
    Index("tally_day_state", "state"),
    Index("tally_day_date", "date"),
)

# A store's numbers by which it is judged (domain.md 3.1 row 66), worked out once a day. day: from which it looks back.
score = table("score", key("store", Whole), key("day", Word), key("metric", Word), whole("top"), whole("bottom"))

# How far the counting has come. name: batches (number), instant (of the last look), staff (JSON list of accounts),
# reprojected (how often tables had been made again).
counted = table("counted", key("name", Word), word("value"))

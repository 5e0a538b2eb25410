"""What clerks get for joins: rules, every line of their accounts, settled months, and what is remembered of a join.

Amounts are fen, instants UTC milliseconds, dates and months the store's own.
"""

from __future__ import annotations

from sqlalchemy import Index

from posapp.hq.columns import Whole, Word, adds_only, key, table, whole, word

# A rule never changes, another one follows. scope: chain or store:<n>. starts: the first date of joining it is for.
# least: fen that a first order has to come to. cap: fen for the joins of a clerk and day, 0 for none.
reward_rule = table(
    "reward_rule",
    key("version", Whole),
    word("scope"),
    word("starts"),
    whole("join"),
    whole("first_order"),
    whole("least"),
    whole("cap"),
    whole("made"),
    word("who"),
)

# kind: join, first_order, join_back, first_order_back, excluded. ref: whose join. source: event id of the order, or
# what else tells lines of one kind apart, "" for most; n: 0, and 1, 2, ... for corrections. counts: what the line adds
# to the valid joins or first orders. at: when it happened; month: in which it is settled. made: when it was booked.
reward_line = table(
    "reward_line",
    key("ref", Word),
    key("kind", Word),
    key("source", Word),
    key("n", Whole),
    whole("clerk"),
    whole("store"),
    whole("at"),
    word("month"),
    whole("counts"),
    whole("fen"),
    word("why"),
    word("receipt"),
    word("channel"),
    whole("made"),
    Index("reward_line_clerk", "clerk", "month"),
    Index("reward_line_month", "month", "store"),
)

# A month whose lines are paid out: nothing is added to it any more. content: the export as it was made.
reward_month = table("reward_month", key("month", Word), whole("settled"), word("who"), word("reason"), word("content"))

# What decides on a join and may go (browsers are forgotten, accounts erased), as it was seen. session: what the
# browser is called in consents. own_phone, self_scan: the phone or the browser is a clerk's. before: the person was a
# member by another id. told: a till of the store has said something since, so that it is known whether a shift was
# open.
reward_seen = table(
    "reward_seen",
    key("ref", Word),
    whole("at"),
    whole("store"),
    word("session"),
    whole("own_phone"),
    whole("self_scan"),
    whole("before"),
    whole("told"),
    Index("reward_seen_session", "session"),
    Index("reward_seen_told", "told", "store", "at"),
)

# A day of talking to customers in WeCom, by store and clerk (0: the whole store). hour_chats: chats of which it is
# known how many were answered within the hour; wait: chats times the minutes to the first answer. source: file or
# wecom.
wecom_day = table(
    "wecom_day",
    key("date", Word),
    key("store", Whole),
    key("clerk", Whole),
    whole("chats"),
    whole("answered"),
    whole("hour_chats"),
    whole("in_hour"),
    whole("members"),
    whole("active"),
    whole("wait"),
    word("source"),
)

adds_only(reward_rule)
adds_only(reward_line)
adds_only(reward_month)

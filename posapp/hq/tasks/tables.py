"""Leads for the stores, and what customers said there: each with somebody who answers for it, and a time."""

from __future__ import annotations

from sqlalchemy import Index

from posapp.hq.columns import Word, key, table, whole, word

# Something to do about a member. title, script: JSON [zh, en]. clerk 0: whoever is there. source: where it came from.
# state: open, withdrawn (not shown for now), done, not_reached, declined (by a till), closed (at HQ). ended, by: when
# and by whom, a clerk's number or a name.
lead = table(
    "lead",
    key("id", Word),
    word("ref"),
    whole("store"),
    word("title"),
    word("script"),
    whole("due"),
    whole("clerk"),
    word("source"),
    whole("made"),
    word("state", "open"),
    whole("ended", 0),
    word("by", ""),
    word("note", ""),
    Index("lead_store", "store", "state", "due"),
    Index("lead_ref", "ref"),
)

# What a customer said, in a clerk's words, without numbers. state: open, answered, or kept (answered long ago, no till
# shows it). owner: who answers; due: until when.
feedback = table(
    "feedback",
    key("id", Word),
    whole("store"),
    whole("till"),
    whole("clerk"),
    word("category"),
    word("text"),
    word("ticket"),
    whole("at"),
    word("owner"),
    whole("due"),
    word("state", "open"),
    word("answer", ""),
    whole("answered", 0),
    word("by", ""),
    Index("feedback_state", "state", "due"),
)

# Who answers feedback of a category ("" for every other), and within how many hours.
feedback_owner = table("feedback_owner", key("category", Word), word("owner"), whole("hours"))

"""Automation flows and whom they reached: once a member and flow, for ever."""

from __future__ import annotations

from sqlalchemy import Index

from posapp.hq.columns import Word, key, table, whole, word

# segment: of rules/rfm.py; away: at least so many days since the last purchase. stores: JSON list, empty for all.
# steps: JSON of plans.Steps, what it does. holdout: percent of whom it leaves alone. most: contacts a day, 0 any
# number. apart: days in which a person has no other flow's contact. hour: of the chain's day when it picks; picked: the
# date it last did. state: running or paused.
flow = table(
    "flow",
    key("id", Word),
    word("name"),
    word("segment"),
    whole("away"),
    word("stores"),
    word("steps"),
    whole("holdout"),
    whole("most"),
    whole("apart"),
    whole("hour"),
    whole("starts"),
    whole("ends"),
    whole("made"),
    word("state", "running"),
    word("picked", ""),
)

# The frozen set. ref: the person's root then; until: no other flow reaches them before. arm: treated or holdout.
# action: the steps that were done. segment, away (days, -1: no purchase yet), dormant: as they were at the contact.
# benefit, text, hint, lead: ids of what was given, "" for none. state: open, paused (its till tasks are not shown), or
# bought (a purchase in the 14 days ended it: sale). outcome, outcome_at: of the hint, as a till told it.
flow_contact = table(
    "flow_contact",
    key("flow", Word),
    key("ref", Word),
    whole("at"),
    whole("until"),
    word("arm"),
    word("action", ""),
    word("segment"),
    whole("away"),
    whole("dormant"),
    whole("store", 0),
    word("benefit", ""),
    word("text", ""),
    word("hint", ""),
    word("lead", ""),
    word("state", "open"),
    word("outcome", ""),
    whole("outcome_at", 0),
    word("sale", ""),
    Index("flow_contact_ref", "ref"),
    Index("flow_contact_day", "flow", "arm", "at"),
)

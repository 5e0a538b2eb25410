"""What is known of a person beside their account, and what clerks are told of it: events, tags, hints, owners, titles.

Every row stands with the id it came to (members/identity.py), so that a merge that is taken back parts them again.
Instants are UTC milliseconds; pairs (Chinese, English) are JSON.
"""

from __future__ import annotations

from sqlalchemy import Index, text

from posapp.hq.columns import Whole, Word, key, table, whole, word

# Who may send events. digest: SHA-256 of the secret in hexadecimal. scopes: with blanks between. revoked 0: in use.
open_channel = table(
    "open_channel",
    key("name", Word),
    word("digest"),
    word("scopes"),
    whole("made"),
    whole("revoked", 0),
    Index("open_channel_digest", "digest", unique=True),
)

# Every event that was ever taken, so that it is taken once. digest: SHA-256 of what it said. state: taken, waiting
# (nobody is known by its key yet), lapsed (nobody came to be known).
open_event = table(
    "open_event",
    key("channel", Word),
    key("id", Word),
    word("digest"),
    word("state"),
    whole("received"),
)

# An event of somebody who is not known yet. kind, hash: of the key, as in person_key. data: JSON of the event.
waiting_event = table(
    "waiting_event",
    key("channel", Word),
    key("id", Word),
    word("kind"),
    word("hash"),
    word("data"),
    whole("received"),
    Index("waiting_event_key", "kind", "hash"),
    Index("waiting_event_received", "received"),
)

# What happened outside the tills. kind: browse, chat or order. source: where, a channel's word. text: a topic's word,
# never what somebody wrote. fen: of an order.
timeline = table(
    "timeline",
    key("id", Word),
    word("ref"),
    word("kind"),
    whole("at"),
    word("source"),
    word("article", ""),
    word("text", ""),
    whole("fen", 0),
    whole("received"),
    Index("timeline_ref", "ref", "at"),
)

# ends 0: until it is taken off. source: the event or who set it.
tag = table(
    "tag",
    key("ref", Word),
    key("name", Word),
    key("value", Word),
    whole("made"),
    whole("ends"),
    word("source"),
    Index("tag_ends", "ends"),
)

# An event of a kind (of an article, a category or a topic, "" for any) gives a tag for so many days, and a hint of a
# scene, "" for none.
tag_rule = table(
    "tag_rule",
    key("id", Word),
    word("kind"),
    word("article"),
    word("category"),
    word("topic"),
    word("tag"),
    word("scene"),
    whole("days"),
)

# What a clerk may be shown and say. state: draft, approved, retired. prompt, line: pairs, {goods} and the like stand
# for what is filled in. A text never changes: another text is another version.
script = table(
    "script",
    key("scene", Word),
    key("version", Whole),
    word("prompt"),
    word("line"),
    word("state"),
    word("author"),
    whole("made"),
    word("approved_by", ""),
    whole("approved", 0),
)

# Scripts of a scene against each other, and against saying nothing. versions: JSON list. holdout: percent who are told
# nothing. ends 0: it runs.
experiment = table(
    "experiment",
    key("id", Word),
    word("scene"),
    word("versions"),
    whole("holdout"),
    whole("starts"),
    whole("ends", 0),
    Index("experiment_scene", "scene"),
)

# Which arm a person is in, for ever. version 0: the holdout. at: when there first was something to tell.
arm = table(
    "arm",
    key("experiment", Word),
    key("ref", Word),
    whole("version"),
    whole("at"),
    Index("arm_ref", "ref"),
)

# The hints that were given. subject: what about, so that nobody is asked twice about the same. outcome: "" (open),
# ignored (shown, nobody answered: still open), accepted or declined. shown: how often it stood before a cashier.
# told 0: its end was seen to.
hint = table(
    "hint",
    key("id", Word),
    word("ref"),
    word("scene"),
    word("subject", ""),
    word("prompt"),
    word("script"),
    whole("version"),
    word("benefit", ""),
    whole("made"),
    whole("ends"),
    word("flow", ""),
    word("experiment", ""),
    word("outcome", ""),
    whole("outcome_at", 0),
    whole("shown", 0),
    Index("hint_ref", "ref"),
    Index("hint_flow", "flow"),
    whole("told", 1),
    Index("hint_told", "ends", sqlite_where=text("told = 1"), postgresql_where=text("told = 1")),
)

# Which clerk looks after a person, and who did: until 0 is now. why: joined, friend (in WeCom), set, handover.
owner = table(
    "owner",
    key("ref", Word),
    key("since", Whole),
    whole("clerk"),
    whole("until", 0),
    word("why"),
    word("by", ""),
    Index("owner_clerk", "clerk", "until"),
)

# Whose a sale is from an instant on: owner, seller or split.
credit_rule = table("credit_rule", key("since", Whole), word("rule"), word("by"))

# ends 0: no end. Taken back is ended.
title = table(
    "title",
    key("ref", Word),
    key("id", Word),
    word("zh"),
    word("en"),
    whole("granted"),
    whole("ends"),
    word("by"),
    Index("title_ends", "ends"),
)

OF_A_PERSON = (timeline, tag, arm, hint, owner, title)
"""What goes when a person is erased. Events that wait name a key that is nobody's yet, and go after their time."""

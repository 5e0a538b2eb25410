"""What HQ keeps of caring for members: the hints that tills show when one is recognised."""

from __future__ import annotations

from sqlalchemy import Index

from posapp.hq.columns import Word, key, table, whole, word

# prompt, script: JSON [zh, en]. flow: whose task it is, "" for none. outcome: "" (open), ignored (still open), accepted
# or declined; shown: times.
hint = table(
    "hint",
    key("id", Word),
    word("ref"),
    word("scene"),
    word("prompt"),
    word("script"),
    whole("version"),
    word("benefit"),
    whole("made"),
    whole("ends"),
    word("flow", ""),
    word("outcome", ""),
    whole("outcome_at", 0),
    whole("shown", 0),
    Index("hint_ref", "ref"),
)

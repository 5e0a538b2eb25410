"""Who may sit at HQ's console, who sits there now, what they did, and which conflicts a person has looked at."""

from __future__ import annotations

from sqlalchemy import Index

from posapp.hq.columns import Word, key, table, whole, word

# stores: JSON list, empty for the whole chain. password: Argon2id. failed: wrong passwords since the last right one;
# locked: until then no password is looked at. language: zh or en. look: auto, light or dark.
console_user = table(
    "console_user",
    key("name", Word),
    word("role"),
    word("stores"),
    word("password"),
    whole("active", 1),
    whole("made"),
    whole("failed", 0),
    whole("locked", 0),
    word("language", "zh"),
    word("look", "auto"),
)

# id: SHA-256 of the cookie. seen: when the person last did something. ended: when they left, 0 while they are there.
console_session = table(
    "console_session",
    key("id", Word),
    word("user"),
    whole("made"),
    whole("seen"),
    whole("until"),
    whole("ended", 0),
    Index("console_session_user", "user"),
)

# kind: sign_in, refused, sign_out, user, export, change. what: which, without anything of a person.
console_audit = table(
    "console_audit",
    key("id", Word),
    whole("at"),
    word("who"),
    word("kind"),
    word("what"),
    word("reason", ""),
    Index("console_audit_at", "at"),
)

# kind: flag (key: jid seq pos) or followed (key: the event): somebody has looked at it.
console_seen = table("console_seen", key("kind", Word), key("key", Word), whole("at"), word("who"), word("note", ""))

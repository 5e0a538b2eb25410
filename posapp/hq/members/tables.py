"""Who the chain's members are: persons, the keys they are found by, merges, points, consents, what they like.

Nothing of a person stands here in plain letters but the initial of a surname and a birthday's month and day; the
rest is sealed (hq/vault.py). Instants are UTC milliseconds. Histories are added to, never changed.
"""

from __future__ import annotations

from sqlalchemy import Index, Table, text

from posapp.hq.columns import Whole, Word, adds_only, key, table, whole, word

# root: the person this one is the same as after merges, itself for most. status: pending (no consent to membership),
# active, erased. name, phone, code (the member code): sealed. tail: last two digits of the phone; lookup, tails: what
# tills find it by (rules/lookup.py). birthday: MM-DD. balance: sum of its own points_entry rows. joined: when
# membership became active, 0 if never; activated: when HQ heard of it. home: the store of the join.
person = table(
    "person",
    key("ref", Word),
    word("root"),
    word("status"),
    whole("created"),
    whole("joined", 0),
    whole("home", 0),
    word("initial", ""),
    word("name", ""),
    word("phone", ""),
    word("tail", ""),
    word("lookup", ""),
    word("tails", ""),
    word("birthday", ""),
    whole("birthday_set", 0),
    word("tier", ""),
    whole("balance", 0),
    word("language", "zh"),
    word("code", ""),
    word("code_hash", ""),
    word("source", ""),
    whole("visited", 0),
    whole("orders", 0),
    whole("activated", 0),
    Index("person_root", "root"),
    Index("person_code", "code_hash"),
    Index("person_activated", "activated"),
)

# kind: phone, unionid, openid, external_userid, card, order. hash: keyed (hq/vault.py). strength: verified or claimed;
# a verified key belongs to one person, a claimed one to as many as claim it and merges nobody.
person_key = table(
    "person_key",
    key("kind", Word),
    key("hash", Word),
    key("ref", Word),
    word("strength"),
    word("source"),
    whole("added"),
    Index("person_key_ref", "ref"),
    Index("person_key_added", "kind", "added"),
    Index(
        "person_key_verified",
        "kind",
        "hash",
        unique=True,
        sqlite_where=text("strength = 'verified'"),
        postgresql_where=text("strength = 'verified'"),
    ),
)

# The ids `gone` and `kept` are one person: found out by a key (kind), undone at an instant (0: it stands). A person is
# what hangs together by the edges that stand.
merge = table(
    "merge",
    key("number", Whole),
    word("kept"),
    word("gone"),
    word("kind"),
    word("source"),
    whole("at"),
    whole("undone", 0),
    word("undone_by", ""),
    Index("merge_gone", "gone"),
    Index("merge_kept", "kept"),
)

# Two persons that might be one: seen by a claimed key; a person decides. state: open, merged, other.
suspicion = table(
    "suspicion",
    key("one", Word),
    key("other", Word),
    word("kind"),
    whole("at"),
    word("state", "open"),
)

# The ledger. kind: earn, spend, claw_back, give_back, claim, pack, referral, import, adjust. source: what it came from,
# once for each kind. store 0: none.
points_entry = table(
    "points_entry",
    key("kind", Word),
    key("source", Word),
    word("ref"),
    whole("points"),
    whole("at"),
    whole("store", 0),
    word("detail", ""),
    Index("points_entry_ref", "ref", "at"),
)

# Points set aside for a ticket (till 0: a till's allowance for offline hours), until an instant.
points_hold = table(
    "points_hold",
    key("id", Word),
    word("ref"),
    word("ticket"),
    whole("store"),
    whole("till"),
    whole("points"),
    whole("until"),
    Index("points_hold_ref", "ref"),
)

# given 1 or 0. version, hash: of the text that was shown. channel: page, till, sms, import. state: firm or pending (a
# marketing consent given offline, until its phone is confirmed).
consent = table(
    "consent",
    key("ref", Word),
    key("purpose", Word),
    key("at", Whole),
    key("source", Word),
    whole("given"),
    word("version"),
    word("hash"),
    word("channel"),
    word("state"),
    Index("consent_at", "at"),
)

# What a member likes, and how they want to be written to (name "frequency", "types"). by: member or the clerk's number.
attribute = table(
    "attribute",
    key("ref", Word),
    key("name", Word),
    key("at", Whole),
    key("source", Word),
    word("value"),
    word("by"),
)

chip = table("chip", key("name", Word), word("title"), word("choices"), whole("place"))

tier = table("tier", key("id", Word), word("name"), whole("least"), whole("factor"), word("colour"), whole("place"))

# Which stores' tills know a member: home, or seen there, until when.
person_store = table(
    "person_store", key("ref", Word), key("store", Whole), whole("seen"), Index("person_store_store", "store", "seen")
)

# kind: amount or gift. state: open, used, void. used_by: event id of the sale. waits: 1 when a cashier has to accept it
# for the ticket.
benefit = table(
    "benefit",
    key("id", Word),
    word("ref"),
    word("campaign"),
    word("kind"),
    word("name"),
    whole("fen"),
    whole("least"),
    word("article"),
    whole("ends"),
    whole("made"),
    word("state", "open"),
    word("used_by", ""),
    whole("waits", 0),
    Index("benefit_ref", "ref"),
)

# A box of personal data on its way: whichever of entry and box comes first waits for the other. needs: the entry's.
sealed_box = table(
    "sealed_box",
    key("event", Word),
    whole("store"),
    whole("till"),
    word("box"),
    whole("received"),
)

# kind: access, correct, withdraw, erase, impersonal. state: open, confirmed, running, done, refused. due: UTC ms.
privacy_request = table(
    "privacy_request",
    key("number", Word),
    word("ref"),
    word("kind"),
    word("state"),
    whole("made"),
    whole("due"),
    whole("done", 0),
    word("source"),
    word("detail", ""),
    Index("privacy_request_ref", "ref"),
)

# hash: keyed, of a clerk's private phone.
staff_phone = table("staff_phone", key("clerk", Whole), word("hash"), Index("staff_phone_hash", "hash"))
# How far in a stream a till has read, as it said itself.
till_read = table("till_read", key("store", Whole), key("till", Whole), key("stream", Word), whole("v"))

# Who looked at what of a person, and why.
looked = table(
    "looked",
    key("at", Whole),
    key("who", Word),
    key("ref", Word),
    word("what"),
    word("reason"),
)

# What belongs to entries of the journals and could not be taken in at once. state: waiting, done.
followed = table("followed", key("event", Word), word("what"), whole("at"), word("detail", ""))

# A link by which a phone that was typed at a counter is confirmed. hash: SHA-256 of its end. used: when it was, 0: not.
phone_confirm = table("phone_confirm", key("hash", Word), word("ref"), whole("made"), whole("used", 0))


def _same_but(table_: Table, free: str) -> str:
    return " AND ".join(f"NEW.{column.name} = OLD.{column.name}" for column in table_.columns if column.name != free)


# What is allowed: words that somebody wrote go with the person they are about; a phone was confirmed, and what was
# agreed to with it is firm.
adds_only(points_entry, f"{_same_but(points_entry, 'detail')} AND NEW.detail = ''")
adds_only(consent, f"{_same_but(consent, 'state')} AND OLD.state = 'pending' AND NEW.state = 'firm'")

"""The WeCom room's tables: codes, what WeCom told, and who is a friend of whom.

An external user id is WeCom's name for a customer; names and remarks are sealed (hq/vault.py). Instants are UTC
milliseconds, but `created`, which is WeCom's, is in seconds.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Index, text

from posapp.hq.columns import Whole, Word, key, table, whole, word

# trouble: the errcode with which WeCom refused this clerk a code (not activated, not verified ...), 0 for none.
wecom_clerk = table(
    "wecom_clerk",
    key("clerk", Whole),
    word("userid"),
    whole("trouble", 0),
    whole("tried", 0),
    Index("wecom_clerk_userid", "userid", unique=True),
)

# state: a join token (rules/join_token.py) of the place and channel. clerk 0: the code of a whole store; store 0: of
# the chain. users: JSON list of userids. config_id "": WeCom was asked and has not answered. revoked 0: in use.
contact_way = table(
    "contact_way",
    key("state", Word),
    whole("store"),
    whole("clerk"),
    word("channel"),
    word("users"),
    word("config_id", ""),
    word("content", ""),
    whole("made"),
    whole("revoked", 0),
    Index(
        "contact_way_live",
        "store",
        "clerk",
        "channel",
        unique=True,
        sqlite_where=text("revoked = 0"),
        postgresql_where=text("revoked = 0"),
    ),
)

# stores: JSON list of the stores whose receipts carry it.
group_way = table(
    "group_way", key("city", Word), word("state"), word("config_id"), word("content"), word("stores"), whole("made")
)

group_member = table(
    "group_member", key("chat", Word), key("external_userid", Word), word("state"), whole("joined"), whole("left", 0)
)


def _named() -> list[Column[Any]]:
    """What names an event. Never FromUserName, which is always "sys": two people may come in the same second."""
    return [key("change", Word), key("userid", Word), key("external_userid", Word), key("created", Whole)]


# As it came, decrypted. For groups and links external_userid is the group's or link's id. done 0: waits.
wecom_event = table(
    "wecom_event",
    *_named(),
    word("event"),
    word("xml"),
    whole("received"),
    whole("done", 0),
    word("trouble", ""),
    Index("wecom_event_waiting", "done", "received"),
)

# What came of an event. kind: new, again, half, transferred, transfer_failed, deleted, moved. by: who deleted, clerk
# or customer. clerk, store, channel, state: where the scanned code says the add came from; "" and 0 when unknown.
# link: the join token in the greeting. greeted: "sent", or why it was not.
contact_change = table(
    "contact_change",
    *_named(),
    word("kind"),
    word("by"),
    whole("clerk"),
    whole("store"),
    word("channel"),
    word("state"),
    word("greeted"),
    word("link"),
    word("reason"),
    Index("contact_change_person", "external_userid", "created"),
    Index("contact_change_clerk", "clerk", "created"),
    Index("contact_change_link", "link"),
)

# state: half, added, deleted, moving (WeCom is asked to hand the customer over to userid), moved (to somebody else),
# refused. added: first. changed: the newest event it follows from. again: how often added once more. The source is
# that of the first add and stays, also with whom the customer is handed over to (moved_from).
relation = table(
    "relation",
    key("external_userid", Word),
    key("userid", Word),
    word("state"),
    whole("added"),
    whole("changed"),
    word("deleted_by"),
    whole("again"),
    word("source"),
    whole("clerk"),
    whole("store"),
    word("channel"),
    word("moved_from"),
    word("name"),
    word("remark"),
    whole("looked"),
    Index("relation_userid", "userid", "state"),
    Index("relation_looked", "looked"),
)

"""What HQ keeps of text messages: the outbox, who refused them, and the codes that are out. No number is in plain."""

from __future__ import annotations

from sqlalchemy import Index

from posapp.hq.columns import Word, key, table, whole, word

# id: keyed hash of what the message is for, its template and the number, so that no message is there twice.
# person: index of the number; phone and content (a JSON list of the template's values) are sealed, and empty once
# they are not needed. ref: the member, or empty.
# kind: code, service or promotion; rank: its place in the queue. asked: 1 if the person asked for this very message.
# state: queued, sending, sent, delivered, refused, suppressed or uncertain (nobody knows whether it left). due: when
# to send it, or in sending and uncertain when to ask the provider, for the asks-th time; until: not sent from then on.
# marked: when it was last marked sending. ended: when it got its last state. reason: the provider's code, or ours.
text_message = table(
    "text_message",
    key("id", Word),
    word("person"),
    word("phone"),
    word("content"),
    word("template"),
    word("language"),
    word("kind"),
    whole("rank"),
    whole("asked"),
    word("ref"),
    word("state"),
    whole("tries", 0),
    whole("asks", 0),
    whole("created"),
    whole("due"),
    whole("until"),
    whole("marked", 0),
    whole("ended", 0),
    word("provider_id", ""),
    word("reason", ""),
    Index("text_message_queue", "state", "rank", "due"),
    Index("text_message_person", "person", "kind", "created"),
    Index("text_message_ref", "ref"),
    Index("text_message_provider", "provider_id"),
)

# Numbers that refused messages. source: reply, provider or staff.
text_suppression = table("text_suppression", key("person", Word), whole("since"), word("source"))

# At most one live code for a number and a purpose. digest: keyed hash; message: the outbox's id it went out with.
text_code = table(
    "text_code",
    key("person", Word),
    key("purpose", Word),
    word("digest"),
    word("message"),
    whole("expires"),
    whole("tries", 0),
)

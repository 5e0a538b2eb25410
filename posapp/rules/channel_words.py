"""What channels are called, in Chinese and English: where a join code was seen."""

from __future__ import annotations

CHANNEL_WORDS: dict[str, tuple[str, str]] = {
    "display": ("客显", "Display"),
    "receipt": ("小票", "Receipt"),
    "stand": ("立牌", "Stand"),
    "badge": ("店员码", "Clerk's code"),
    "reception": ("咨询", "Enquiry"),
    "sms": ("短信", "Text message"),
    "pack": ("入会包", "Join pack"),
    "event": ("活动", "Event"),
    "pickup": ("提货", "Pick-up"),
    "referral": ("老带新", "Referral"),
    "voucher": ("团购", "Voucher"),
    "assisted": ("代办", "With help"),
}
"""Every channel of join_token.py."""


def channel_word(channel: str, language: str) -> str:
    """A channel to be read; one that is not known here stands as it is."""
    return CHANNEL_WORDS.get(channel, (channel, channel))[language == "en"]

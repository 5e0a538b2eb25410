"""The words of a clerk's account, in Chinese and English: what a line is for, and why one was reversed or left out."""

from __future__ import annotations

KINDS: dict[str, tuple[str, str]] = {
    "join": ("入会", "Join"),
    "first_order": ("首单", "First order"),
    "join_back": ("入会冲回", "Join taken back"),
    "first_order_back": ("首单冲回", "First order taken back"),
    "excluded": ("不计", "Not counted"),
}
"""Every kind of RewardLine."""

REASONS: dict[str, tuple[str, str]] = {
    "own_phone": ("是店员自己的手机号", "the phone is the clerk's own"),
    "self_scan": ("店员用自己的手机扫的码", "the clerk's own phone scanned the code"),
    "repeat_device": ("同一部手机反复入会", "one device joined again and again"),
    "joined_then_refunded": ("入会后整单退了", "the ticket of joining was refunded"),
    "after_closing": ("打烊后成批入会", "a batch after closing"),
    "first_order_refunded": ("首单退了", "the first order was refunded"),
    "joined_before": ("以前入过会", "had joined before"),
    "staff": ("是本公司员工", "is a colleague"),
    "erased": ("会员已注销", "the member deleted their account"),
    "unassigned": ("没有归属店员", "belongs to no clerk"),
    "over_limit": ("超过每日上限", "beyond the limit of a day"),
}
"""Why a line was reversed or left out."""


def reason_word(code: str, language: str) -> str:
    """A reason to be read; one that is not known here stands as it is."""
    return REASONS.get(code, (code, code))[language == "en"]

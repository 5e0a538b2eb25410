"""Words of a clerk's reward account: what its lines are, and why one was left out or taken back."""

from __future__ import annotations

Words = tuple[str, str]
"""Chinese and English."""

KINDS: dict[str, Words] = {
    "join": ("入会", "join"),
    "first_order": ("首单", "first order"),
    "join_back": ("入会冲回", "join taken back"),
    "first_order_back": ("首单冲回", "first order taken back"),
    "excluded": ("不计奖励", "not rewarded"),
}

WHYS: dict[str, Words] = {
    "own_phone": ("是员工自己的手机号", "the phone is a clerk's own"),
    "self_scan": ("用员工自己的手机扫码", "scanned with a clerk's own phone"),
    "repeat_device": ("同一部手机当天超过2次入会", "more than two joins by one phone that day"),
    "joined_before": ("以前已经是会员", "a member before"),
    "after_closing": ("不在营业时间的集中入会", "a batch of joins outside opening hours"),
    "joined_then_refunded": ("入会的那一单已全部退回", "the ticket of joining was given back"),
    "first_order_refunded": ("首单已全部退回", "the first order was given back"),
    "corrected": ("按最新数据更正", "corrected by newer data"),
}


def why_words(code: str, language: str = "zh") -> str:
    """A reason to be read; a code that is not known here as it is."""
    return WHYS.get(code, (code, code))[1 if language == "en" else 0]

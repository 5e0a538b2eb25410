"""The ways to pay, by name; what till and HQ call them."""

from __future__ import annotations

KINDS = {"cash": ("现金", "Cash"), "card": ("刷卡", "Card"), "static": ("收款码", "Payment code")}
"""static: the shop's own printed payment code; nobody but the shop's account knows whether money came."""


def tender_name(kind: str, language: str) -> str:
    """A kind's name; one that is not known here is its own name."""
    return KINDS.get(kind, (kind, kind))[language == "en"]

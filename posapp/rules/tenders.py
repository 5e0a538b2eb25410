"""The ways to pay, by their name in entries, in Chinese and English."""

from __future__ import annotations

KINDS = {"cash": ("现金", "Cash"), "card": ("刷卡", "Card")}

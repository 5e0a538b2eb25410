"""Words of the shop that several pages of the console show."""

from __future__ import annotations

from posapp.hq.console.desk import Both
from posapp.rules.channel_words import CHANNEL_WORDS

CHANNELS: dict[str, Both] = {
    **CHANNEL_WORDS,
    "store": ("门店", "Tills"),
    "import": ("导入", "Taken over"),
    "hint": ("店员提示", "Hint to the clerk"),
    "unknown": ("来源未知", "Unknown"),
    "none": ("无触点", "No touch"),
}
"""Those of join codes, and what else persons and sales come by."""

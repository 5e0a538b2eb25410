"""Words of the shop that several pages of the console show."""

from __future__ import annotations

from posapp.hq.console.desk import Both

CHANNELS: dict[str, Both] = {
    "display": ("客显", "Display"),
    "receipt": ("小票", "Receipt"),
    "stand": ("台卡", "Stand card"),
    "badge": ("胸牌", "Badge"),
    "reception": ("接待", "Reception"),
    "sms": ("短信", "Text message"),
    "pack": ("入会包", "Join pack"),
    "event": ("活动", "Event"),
    "pickup": ("自提", "Pick-up"),
    "referral": ("邀请", "Referral"),
    "voucher": ("团购券", "Voucher"),
    "assisted": ("店员协助", "Assisted"),
    "store": ("门店", "Tills"),
    "import": ("导入", "Taken over"),
    "hint": ("店员提示", "Hint to the clerk"),
    "unknown": ("来源未知", "Unknown"),
    "none": ("无触点", "No touch"),
}

"""What a customer is asked before they are a member: the texts in force until HQ has written others, and their hash."""

from __future__ import annotations

from hashlib import sha256

from posapp.streams import ConsentTextRow

TERMS, MARKETING, PERSONAL = "terms", "marketing", "personal"

AGE = "age"
"""Asked beside the texts: whether the customer is 14 or older. Nothing of the answer is kept."""

TEXTS: dict[str, ConsentTextRow] = {
    TERMS: ConsentTextRow(
        "2026-11",
        ("会员服务与隐私政策", "Membership and privacy"),
        (
            "我同意成为会员。门店只收集手机号和我自愿填写的称呼、生日月日,用于识别会员、记积分和兑现权益;"
            "随时可以查询、更正、撤回和注销。",
            "I want to become a member. The shop keeps my phone number, and a name and birthday if I give them, to "
            "know me, keep my points and honour benefits. I can see, correct, withdraw and delete them at any time.",
        ),
        needed=1,
        place=1,
    ),
    MARKETING: ConsentTextRow(
        "2026-11",
        ("优惠信息", "Offers"),
        ("我愿意收到短信优惠信息,可随时回复 R 退订。", "Send me offers by text message; replying R ends them."),
        place=2,
    ),
    PERSONAL: ConsentTextRow(
        "2026-11",
        ("个性化推荐", "Suggestions"),
        ("可以按我的购买记录推荐商品。", "Suggest goods by what I have bought."),
        place=3,
    ),
}
"""What is asked, by purpose. A changed text is a new version; what was agreed to keeps its own."""


def text_hash(row: ConsentTextRow) -> str:
    """SHA-256 of both texts as they were shown, in hexadecimal."""
    return sha256("\n".join((row.version, *row.title, *row.text)).encode()).hexdigest()

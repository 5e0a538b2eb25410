"""Every text HQ can send, with its class. The provider keeps the words too: each text is filed there and gets an id.

code: asked for a moment ago, to be typed back. service: belongs to something the person did. promotion: only with
consent, not at night, and it says how to refuse.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

REFUSE = ("拒收请回复R", "Reply R to stop")
KINDS = ("code", "service", "promotion")
"""In the order in which they leave."""

LONGEST_VALUE = 100


@dataclass(frozen=True, slots=True)
class Template:
    """kind: one of KINDS. zh, en: the text without the sign, with {names} of its values, the same in both."""

    kind: str
    zh: str
    en: str

    @property
    def names(self) -> tuple[str, ...]:
        """The values in the order in which the provider counts them."""
        return tuple(dict.fromkeys(re.findall(r"{(\w+)}", self.zh)))


TEMPLATES: dict[str, Template] = {
    "verify_code": Template(
        "code",
        "您的验证码是{code},{minutes}分钟内有效。请勿告诉他人。",
        "Your code is {code}, good for {minutes} minutes. Do not pass it on.",
    ),
    "e_receipt": Template(
        "service",
        "您在{store}消费{total}元,电子小票: {link}",
        "Your receipt of {total} yuan at {store}: {link}",
    ),
    "join_link": Template(
        "service",
        "您可以领取在{store}本单的积分: {link} ,不需要请忽略。",
        "Claim the points of your purchase at {store}: {link} or ignore this.",
    ),
    "confirm_phone": Template(
        "service",
        "您在{store}登记入会,请点击确认手机号: {link} ,不是本人请忽略。",
        "You joined at {store}; confirm your number: {link} or ignore this if it was not you.",
    ),
    "pickup_ready": Template(
        "service",
        "您的订单{order}已到{store},请凭取货码提货: {link}",
        "Your order {order} is ready at {store}, collect it with the code at {link}",
    ),
    "privacy_done": Template(
        "service",
        "您的个人信息申请{number}已处理,请查看: {link}",
        "Your personal data request {number} has been dealt with: {link}",
    ),
    "offer": Template("promotion", "{text} {link} 拒收请回复R", "{text} {link} Reply R to stop"),
    "coupon_ends": Template(
        "promotion",
        "您的{coupon}将于{date}到期,到店或点击使用: {link} 拒收请回复R",
        "Your {coupon} ends on {date}, use it in the shop or at {link} Reply R to stop",
    ),
}


def ordered(template: str, values: Mapping[str, str]) -> list[str]:
    """The values in the template's order. Raises ValueError when one is missing, too many or too long."""
    names = TEMPLATES[template].names
    if set(values) != set(names):
        raise ValueError(f"{template} takes {names}")
    found = [values[name] for name in names]
    if any(not 0 < len(value) <= LONGEST_VALUE or not value.isprintable() for value in found):
        raise ValueError(f"a value of {template} is empty or too long")
    return found


def filed(template: str, language: str) -> str:
    """The text as it is filed with the provider: {1}, {2} ... for the values."""
    text = TEMPLATES[template].en if language == "en" else TEMPLATES[template].zh
    for number, name in enumerate(TEMPLATES[template].names, 1):
        text = text.replace(f"{{{name}}}", f"{{{number}}}")
    return text


def filled(text: str, values: Sequence[str], sign: str) -> str:
    """What arrives on the phone of a filed text."""
    body = re.sub(r"{(\d+)}", lambda found: values[int(found[1]) - 1], text)
    return f"【{sign}】{body}"

"""Every setting of a shop, declared once: its type, default and one line of help.

HQ stores them per chain or store (`posapp hq set STORE KEY VALUE`) and publishes them in the settings stream as
text; both sides read them through this declaration, so a misspelt key or a bad value is refused where it is set.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from posapp.errors import PosError
from posapp.money import Money
from posapp.rules.labels import parse_labels
from posapp.shortcuts import PROFILES, read_shortcuts

MOST_QR_BLOCKS = 3

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_DATE = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_ADDRESS = re.compile(r"https://[!-~]{1,250}")


@dataclass(frozen=True, slots=True)
class Setting:
    """help: one line in Chinese and one in English."""

    read: Callable[[str], Any]
    default: str
    help: tuple[str, str]


def _whole(lowest: int, highest: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not lowest <= int(text) <= highest:
            raise ValueError
        return int(text)

    return read


def _one_of(*values: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in values:
            raise ValueError
        return text

    return read


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError from None
    return text


def _picture(text: str) -> str:
    if text and (len(text) != 64 or set(text) - set("0123456789abcdef")):
        raise ValueError
    return text


def _qr_blocks(text: str) -> tuple[tuple[str, str], ...]:
    """ "caption|https://...", one a line: (caption, address) of each."""
    blocks = [tuple(part.strip() for part in line.split("|", 1)) for line in text.split("\n") if line.strip()]
    if len(blocks) > MOST_QR_BLOCKS:
        raise ValueError
    return tuple(map(_qr_block, blocks))


def _qr_block(parts: tuple[str, ...]) -> tuple[str, str]:
    caption, address = parts
    if not _ADDRESS.fullmatch(address):
        raise ValueError
    return _text(40)(caption), address


def _join_address(text: str) -> str:
    if text and not re.fullmatch(r"https?://[!-~]{1,60}[^/]", text):
        raise ValueError
    return text


def read_days(text: str) -> tuple[str, ...]:
    """Member days: words like wed (every Wednesday), 15 (every 15th), 05-20 (each year). Raises ValueError."""
    words = tuple(text.lower().split())
    for word in words:
        is_day = word.isascii() and word.isdigit() and 1 <= int(word) <= 31 and word == str(int(word))
        if word not in WEEKDAYS and not is_day and not _DATE.fullmatch(word):
            raise ValueError(word)
    return words


def _prefix(text: str) -> str:
    if len(text) > 8 or not text.isascii() or not (text.isprintable() or text == "") or " " in text:
        raise ValueError
    return text


def _text(longest: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) > longest or any(ord(letter) < 32 and letter != "\n" for letter in text):
            raise ValueError
        return text

    return read


def _money(text: str) -> Money:
    try:
        amount = Money.parse(text)
    except PosError:
        raise ValueError from None
    if amount.fen < 0:
        raise ValueError
    return amount


def _coins(text: str) -> tuple[Money, ...]:
    values = tuple(_money(word) for word in text.split())
    if not values or any(not value for value in values) or len(set(values)) < len(values):
        raise ValueError
    return values


def _list(most: int, longest: int) -> Callable[[str], tuple[str, ...]]:
    def read(text: str) -> tuple[str, ...]:
        parts = tuple(part.strip() for part in re.split("[;;\n]", text) if part.strip())
        if len(parts) > most or any(len(_text(longest)(part)) > longest for part in parts):
            raise ValueError
        return parts

    return read


SETTINGS: dict[str, Setting] = {
    "language": Setting(
        _one_of("zh", "en"),
        "zh",
        (
            "屏幕、消息和小票的语言: zh 或 en;屏幕在收银程序重新打开后改变",
            "language of screens, messages and receipts: zh or en; screens change when the till is started again",
        ),
    ),
    "time_zone": Setting(_zone, "Asia/Shanghai", ("门店时区,如 Asia/Shanghai", "the store's time zone, an IANA name")),
    "cutover_hour": Setting(
        _whole(0, 12), "4", ("营业日切换的钟点,0 到 12", "hour at which the business date turns, 0 to 12")
    ),
    "cash_rounding": Setting(
        _whole(1, 100),
        "1",
        ("现金收到几分的整数倍,如 10 收到角;1 为不抹零", "cash is rounded to a multiple of this many fen; 1 is exact"),
    ),
    "cash_rounding_mode": Setting(
        _one_of("half_up", "down"), "half_up", ("half_up 四舍五入,down 抹去零头", "half_up (四舍五入) or down (抹零)")
    ),
    "discount_limit": Setting(
        _whole(0, 100),
        "10",
        ("收银员不经授权最多打掉百分之几", "largest discount in percent a cashier gives without approval"),
    ),
    "denominations": Setting(
        _coins,
        "100 50 20 10 5 1 0.5 0.1",
        ("清点现金时的面额,从大到小", "notes and coins by which cash is counted, the largest first"),
    ),
    "cash_reasons": Setting(
        _list(20, 30),
        "",
        (
            "现金存入取出的原因,用分号隔开;空为常用的几种",
            "reasons for cash in and out, with semicolons between; empty is the usual ones",
        ),
    ),
    "over_short_seen_by": Setting(
        _one_of("cashier", "lead", "manager"),
        "lead",
        (
            "从哪个角色起能看到应有现金和长短款: cashier、lead 或 manager",
            "the lowest role that sees expected cash, over and short: cashier, lead or manager",
        ),
    ),
    "over_short_limit": Setting(
        _money,
        "5.00",
        ("长短款超过多少元要说明原因", "a difference of the drawer above this is asked a reason for"),
    ),
    "receipt_clerk": Setting(
        _one_of("name", "number"),
        "name",
        ("小票上的收银员: name 姓名,number 工号", "the clerk on the receipt: name or number"),
    ),
    "scale_labels": Setting(
        parse_labels,
        "",
        (
            "店内秤码的格式,如 'weight 22PPPPPNNDDDC; amount 21PPPPPNNNDDC': P 货号,N 整数位,D 小数位,C 校验位",
            "codes printed by the store's scales, e.g. 'weight 22PPPPPNNDDDC; amount 21PPPPPNNNDDC': "
            "P article number, N and D whole and decimal digits of the value, C check digit",
        ),
    ),
    "key_profile": Setting(
        _one_of(*PROFILES),
        "supermarket",
        ("键位方案: supermarket 键盘为主,touch 触屏为主", "the counter's keys: supermarket or touch"),
    ),
    "keys": Setting(
        read_shortcuts,
        "",
        ("本店改动的键位,如 'void=F3 lock=none'", "this shop's own keys, e.g. 'void=F3 lock=none'"),
    ),
    "colours": Setting(_one_of("light", "dark"), "light", ("界面颜色: light 浅色,dark 深色", "colours: light or dark")),
    "font_scale": Setting(
        _whole(100, 150), "100", ("界面字号,百分之 100 到 150", "size of letters on the screen in percent, 100 to 150")
    ),
    "lock_after": Setting(
        _whole(0, 86_400),
        "300",
        ("无人操作多少秒后锁屏;0 不锁", "the window locks after so many idle seconds; 0 never"),
    ),
    "scanner_prefix": Setting(
        _prefix,
        "",
        (
            "扫码枪在每个条码前加的字符,最多 8 个,收银台会去掉;空为没有",
            "characters a scanner sends before each code, at most 8; the till takes them off; empty for none",
        ),
    ),
    "scanner_suffix": Setting(
        _one_of("either", "enter", "tab", "none"),
        "either",
        (
            "扫码枪以什么结束一个条码: either 回车或 Tab,enter 回车,tab,none 停顿",
            "what ends a scanner's code: either (Enter or Tab), enter, tab, or none (silence)",
        ),
    ),
    "scanner_gap_ms": Setting(
        _whole(10, 200),
        "35",
        (
            "扫码枪两个字符之间最多几毫秒,10 到 200;更慢的算人工输入",
            "longest time between two characters of a scanner in ms, 10 to 200; slower ones are typing",
        ),
    ),
    "store_name": Setting(_text(60), "", ("小票上的店名", "the store's name on the receipt")),
    "receipt_logo": Setting(
        _picture,
        "",
        (
            "小票上方的图片,填 posapp hq picture add 给出的编号;空为没有",
            "picture above the receipt, as named by posapp hq picture add; empty for none",
        ),
    ),
    "receipt_header": Setting(_text(200), "", ("小票上方的文字", "lines printed above the receipt")),
    "receipt_footer": Setting(_text(400), "", ("小票下方的文字", "lines printed below the receipt")),
    "join_address": Setting(
        _join_address,
        "",
        (
            "顾客扫码打开的网址前缀,如 https://m.brand.cn;空为总部自己的网址",
            "what a join code's link begins with, e.g. https://m.brand.cn; empty for HQ's own address",
        ),
    ),
    "join_days": Setting(
        _whole(1, 60),
        "7",
        ("小票上的入会码几天内有效", "days in which a ticket's join code works"),
    ),
    "look_up_by_tail": Setting(
        _one_of("on", "off"),
        "on",
        (
            "是否可以报手机后四位查会员: on 或 off",
            "whether members are looked up by their phone's last four: on or off",
        ),
    ),
    "join_target": Setting(
        _whole(0, 100),
        "0",
        ("入会率目标,百分之几;0 不设目标", "the join rate aimed at, in percent; 0 for none"),
    ),
    "store_format": Setting(
        _text(20),
        "",
        (
            "门店业态;同业态的会员放在一起比较,不写则全连锁一起",
            "the store's format: members are measured against those of the same one; none: the whole chain",
        ),
    ),
    "points_rate": Setting(
        _whole(0, 100),
        "1",
        ("每消费一元积几分;0 不积分", "points for a yuan spent; 0 for none"),
    ),
    "points_worth": Setting(
        _whole(0, 100_000),
        "100",
        ("多少积分抵一元;0 不能抵扣", "points that pay one yuan; 0 where points pay nothing"),
    ),
    "points_offline_percent": Setting(
        _whole(0, 100),
        "20",
        ("断网时最多用余额的百分之几", "percent of a balance that a till may let a member spend offline"),
    ),
    "points_offline_most": Setting(
        _whole(0, 100_000),
        "500",
        ("断网时最多用多少积分", "points that a till may let a member spend offline at most"),
    ),
    "birthday_points": Setting(
        _whole(100, 1_000),
        "200",
        ("生日当月积分的百分之几,200 为双倍", "percent of points in the month of a birthday; 200 doubles them"),
    ),
    "member_days": Setting(
        read_days,
        "",
        (
            "会员日,用空格隔开: wed 每周三,15 每月15日,05-20 每年5月20日",
            "member days with blanks between: wed each Wednesday, 15 each 15th, 05-20 each 20 May",
        ),
    ),
    "member_day_points": Setting(
        _whole(100, 1_000),
        "200",
        ("会员日积分的百分之几", "percent of points on a member day"),
    ),
    "member_day_discount": Setting(
        _whole(0, 90),
        "0",
        ("会员日会员优惠百分之几", "percent off for members on a member day"),
    ),
    "referral_points": Setting(
        _whole(0, 100_000),
        "0",
        (
            "老会员介绍的新会员首单过了退货期,奖励老会员多少积分",
            "points for a member whose friend's first order is past its return window",
        ),
    ),
    "return_days": Setting(_whole(0, 90), "7", ("几天内可以退货", "days in which goods may be returned")),
    "forget_members_after": Setting(
        _whole(0, 50),
        "3",
        (
            "会员多少年没有消费就注销 (hq privacy sweep);0 不注销",
            "years without a visit after which hq privacy sweep erases a member; 0 never",
        ),
    ),
    "receipt_group": Setting(
        _one_of("on", "off"),
        "off",
        (
            "小票上是否印本城会员群的码: on 或 off",
            "whether receipts carry the code of the city's group: on or off",
        ),
    ),
    "receipt_qr": Setting(
        _qr_blocks,
        "",
        (
            "小票下方的二维码,每行一个,最多三个,写成 说明|https://网址",
            "QR codes below the receipt, one a line and at most three, each written caption|https://address",
        ),
    ),
}


class Settings:
    """The values in force, read by name: settings.cutover_hour. Unknown names raise AttributeError."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = {name: read_setting(name, values.get(name, SETTINGS[name].default)) for name in SETTINGS}

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["_values"][name]
        except KeyError:
            raise AttributeError(name) from None


def read_setting(name: str, text: str) -> Any:
    """The value of a setting. Raises PosError unknown_setting or bad_setting."""
    if name not in SETTINGS:
        raise PosError("unknown_setting", name=name[:40], names=", ".join(SETTINGS))
    try:
        return SETTINGS[name].read(text)
    except ValueError:
        raise PosError("bad_setting", name=name, value=text[:60], help=SETTINGS[name].help) from None

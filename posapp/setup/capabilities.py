"""What this till can do at the moment, what it cannot and why, before a customer asks for it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from posapp.clock import DAY, MINUTE
from posapp.errors import PosError
from posapp.setup.words import Pair, size, span, trouble_words

SLOW_MS = 10 * MINUTE
"""Entries that wait longer for headquarters are worth a word."""

WARN_MS, MANAGER_MS = 7 * DAY, 30 * DAY
"""Prices that are older warn, and want a manager."""

State = Literal["ok", "limited", "off"]
NOTHING: Pair = ("", "")
NOT_OPENED: Pair = ("还没有开通", "not opened yet")


@dataclass(frozen=True, slots=True)
class Capability:
    """name: one word for the script; title, why and todo: Chinese and English, the last two empty where all is well."""

    name: str
    title: Pair
    state: State
    why: Pair = NOTHING
    todo: Pair = NOTHING


@dataclass(frozen=True, slots=True)
class Standing:
    """How a till stands. Instants and spans are milliseconds, 0 where they are not known.

    trouble: why headquarters was not reached the last time. prices: when prices were last compared with headquarters'.
    clock_quality: 0 agreed with headquarters, 1 it has jumped, 2 not compared yet. devices: for each kind that is set
    up ("printer", "display", "scanner", "scale") "ready" or its Reason, the worst of several. printing, doubtful:
    receipts that wait, and those of which nobody knows whether they came out.
    """

    now: int
    is_online: bool
    trouble: PosError | None
    last_contact: int
    unsent: int
    oldest_unsent: int
    prices: int
    free: int
    reserve: int
    clock_quality: int = 0
    offset: int = 0
    devices: dict[str, str] = field(default_factory=dict)
    printing: int = 0
    doubtful: int = 0


def capabilities(till: Standing) -> tuple[Capability, ...]:
    """Every row of the panel in its order: money, devices, headquarters, the computer, what is not opened yet."""
    return (*_money(), *_devices(till), _hq(till), _upload(till), _prices(till), _disk(till), _clock(till), *_closed())


def _money() -> Iterator[Capability]:
    yield Capability("cash", ("现金", "Cash"), "ok")
    yield Capability(
        "card",
        ("银行卡", "Bank card"),
        "limited",
        ("卡机没有和收银台相连", "the card machine is not connected to the till"),
        ("在卡机上收款,再录入卡单的授权号", "take the card on the machine, then type the slip's approval number"),
    )
    yield Capability(
        "pay_code",
        ("扫付款码", "Scanned pay codes"),
        "off",
        NOT_OPENED,
        ("请收现金、刷卡,或用店内收款码", "take cash, a card, or the shop's own payment code"),
    )
    yield Capability(
        "static_code",
        ("店内收款码", "The shop's payment code"),
        "limited",
        ("到账要人工核对,需要店长授权", "the money is checked by hand, so a manager approves"),
        ("请店长授权后再用", "ask a manager before using it"),
    )


def _devices(till: Standing) -> Iterator[Capability]:
    yield _receipts(till)
    drawer = _device(till, "printer", "drawer", ("钱箱", "Cash drawer"))
    yield drawer if drawer.state == "ok" else _with_todo(drawer, ("用钥匙打开钱箱", "open the drawer with its key"))
    for kind, title, instead in (
        ("scale", ("电子秤", "Scale"), ("手工输入重量,如 0.536*货号", "type the weight, as in 0.536*code")),
        ("display", ("顾客显示屏", "Customer display"), ("请口头告诉顾客金额", "tell the customer the amount")),
    ):
        found = _device(till, kind, kind, title)
        yield found if found.state == "ok" else _with_todo(found, instead)
    if "scanner" in till.devices:
        yield _device(till, "scanner", "scanner", ("串口扫码枪", "Serial scanner"))
    else:
        yield Capability("scanner", ("扫码枪（键盘式）", "Scanner (keyboard)"), "ok")


def _receipts(till: Standing) -> Capability:
    found = _device(till, "printer", "receipts", ("小票", "Receipts"))
    if till.doubtful:
        return Capability(
            found.name,
            found.title,
            "limited",
            (
                f"{till.doubtful} 张小票不知道有没有打出来",
                f"nobody knows whether {till.doubtful} receipts came out",
            ),
            ("看看打印机,没有的请重打", "look at the printer and print again what is missing"),
        )
    if found.state == "off" and "printer" in till.devices:
        why = (f"{found.why[0]},{till.printing} 张等着打印", f"{found.why[1]}, {till.printing} receipts wait")
        return Capability(found.name, found.title, "off", why if till.printing else found.why, found.todo)
    return found


def _device(till: Standing, kind: str, name: str, title: Pair) -> Capability:
    state = till.devices.get(kind)
    if state is None:
        return Capability(
            name,
            title,
            "off",
            ("没有设置这种设备", "none is set up"),
            ("可在设备页添加", "add one in Devices"),
        )
    if state == "ready":
        return Capability(name, title, "ok")
    why, todo = trouble_words(state)
    return Capability(name, title, "limited" if state == "unknown" else "off", why, todo)


def _with_todo(found: Capability, todo: Pair) -> Capability:
    return Capability(found.name, found.title, found.state, found.why, todo)


def _hq(till: Standing) -> Capability:
    title: Pair = ("总部", "Headquarters")
    since = span(till.now - till.last_contact)
    ago: Pair = (
        (f",上次联系是 {since[0]}前", f", last heard of {since[1]} ago")
        if till.last_contact
        else (",还没有联系上过", ", never heard of yet")
    )
    todo: Pair = ("可以照常卖货,联网后自动上传", "go on selling; everything is sent once the network is back")
    if not till.is_online:
        return Capability("hq", title, "off", (f"网络已关闭{ago[0]}", f"the network is switched off{ago[1]}"), todo)
    if till.trouble:
        why = till.trouble.sentence("zh").rstrip("。"), till.trouble.sentence("en").rstrip(".")
        if till.trouble.code == "hq_unreachable":
            why = "连不上总部", "headquarters cannot be reached"
        return Capability("hq", title, "off", (f"{why[0]}{ago[0]}", f"{why[1]}{ago[1]}"), todo)
    return Capability("hq", title, "ok")


def _upload(till: Standing) -> Capability:
    title: Pair = ("上传", "Sending")
    waited = till.now - till.oldest_unsent
    if not till.unsent or waited < SLOW_MS:
        return Capability("upload", title, "ok")
    since = span(waited)
    return Capability(
        "upload",
        title,
        "limited",
        (
            f"{till.unsent} 条没有上传,最早的是 {since[0]}前",
            f"{till.unsent} entries are not sent, the oldest is {since[1]} old",
        ),
        (
            "检查网络；上传完之前不要重装或更换电脑",
            "check the network; do not replace this computer before that",
        ),
    )


def _prices(till: Standing) -> Capability:
    title: Pair = ("价格", "Prices")
    if not till.prices:
        return Capability(
            "prices",
            title,
            "off",
            ("还没有收到总部的价格", "no prices have come from headquarters"),
            ("请联网同步", "connect to the network"),
        )
    age = till.now - till.prices
    if age <= WARN_MS:
        return Capability("prices", title, "ok")
    since = span(age)
    return Capability(
        "prices",
        title,
        "limited",
        (f"价格已有 {since[0]}没有更新", f"prices are {since[1]} old"),
        ("请店长核对价签并决定是否继续卖", "a manager must check the price tags and decide whether to go on")
        if age > MANAGER_MS
        else ("请尽快联网；有疑问时以价签为准", "connect soon; where in doubt the price tag counts"),
    )


def _disk(till: Standing) -> Capability:
    title: Pair = ("磁盘", "Disk")
    if till.free > 3 * till.reserve:
        return Capability("disk", title, "ok")
    left = size(till.free)
    todo: Pair = ("请联系技术支持清理磁盘", "have support make room")
    if till.free > till.reserve:
        return Capability("disk", title, "limited", (f"只剩 {left}", f"only {left} are left"), todo)
    return Capability("disk", title, "off", (f"只剩 {left},不能开新单", f"only {left} are left: no new ticket"), todo)


def _clock(till: Standing) -> Capability:
    title: Pair = ("时钟", "Clock")
    todo: Pair = ("请核对电脑的日期和时间", "check this computer's date and time")
    if till.clock_quality == 1:
        why = ("本机时间跳变过,按推算的时间记账", "this computer's time has jumped; a reckoned time is used")
        return Capability("clock", title, "limited", why, todo)
    if till.offset:
        apart = span(abs(till.offset))
        why = (
            f"本机比总部{'慢' if till.offset > 0 else '快'} {apart[0]},已按总部时间记账",
            f"this computer is {apart[1]} {'behind' if till.offset > 0 else 'ahead of'} headquarters, which counts",
        )
        return Capability("clock", title, "limited", why, todo)
    if till.clock_quality == 2:
        why = ("开机后还没有与总部对过时", "not compared with headquarters since the till was started")
        return Capability("clock", title, "limited", why, todo)
    return Capability("clock", title, "ok")


def _closed() -> Iterator[Capability]:
    why = NOT_OPENED
    yield Capability("members", ("会员", "Members"), "off", why, ("先按非会员结账", "sell without a member"))
    yield Capability("coupons", ("优惠券", "Coupons"), "off", why, ("请顾客留着下次用", "let the customer keep it"))
    yield Capability("pickups", ("自提单", "Pick-ups"), "off", why, ("请联系总部处理", "ask headquarters"))

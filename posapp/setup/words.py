"""Sentences of set-up in Chinese and English: what ails a device and what to do about it, and spans of time."""

from __future__ import annotations

from drivers.contracts import Reason
from posapp.clock import DAY, HOUR, MINUTE

Pair = tuple[str, str]
"""Chinese and English."""

TROUBLES: dict[Reason, tuple[Pair, Pair]] = {
    Reason.NOT_FOUND: (
        ("找不到设备", "the device is not found"),
        ("核对地址或端口,检查连线", "check its address or port, and its cable"),
    ),
    Reason.BUSY: (
        ("设备正被占用", "the device is in use"),
        ("关掉占用它的程序,或稍候再试", "close the program that holds it, or try again in a moment"),
    ),
    Reason.TIMEOUT: (
        ("设备没有应答", "the device does not answer"),
        ("检查电源和连线,把设备关掉再打开", "check power and cable, switch it off and on"),
    ),
    Reason.NO_PAPER: (("缺纸", "out of paper"), ("换上新纸卷", "put in a new roll")),
    Reason.COVER_OPEN: (("盖子没有合上", "the cover is open"), ("合上盖子", "close the cover")),
    Reason.OFFLINE: (
        ("设备没有连上", "the device is not connected"),
        ("检查电源和连线", "check power and cable"),
    ),
    Reason.REFUSED: (
        ("设备拒绝连接", "the device refuses the connection"),
        ("核对地址和端口,可能被另一台电脑占着", "check address and port; another computer may hold it"),
    ),
    Reason.NOT_INSTALLED: (
        ("缺少这种设备的驱动", "the driver of this device is missing"),
        ("请联系技术支持安装,或换一种连接方式", "have support install it, or choose another connection"),
    ),
    Reason.UNKNOWN: (
        ("设备不报告状态", "the device does not tell its state"),
        ("试打一次,看它是否正常", "try it once and see"),
    ),
}


def trouble_words(reason: str) -> tuple[Pair, Pair]:
    """What ails a device, and what to do."""
    return TROUBLES.get(Reason(reason), TROUBLES[Reason.UNKNOWN])


def span(ms: int) -> Pair:
    """A length of time in the unit a person would say it in."""
    for unit, chinese, english in ((DAY, "天", "day"), (HOUR, "小时", "hour"), (MINUTE, "分钟", "minute")):
        if ms >= 2 * unit or (ms >= unit and unit == MINUTE):
            return f"{ms // unit} {chinese}", _plural(ms // unit, english)
    return f"{max(0, ms) // 1000} 秒", _plural(max(0, ms) // 1000, "second")


def _plural(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"


def size(octets: int) -> str:
    return f"{octets / 1e9:.1f} GB" if octets >= 1e9 else f"{octets / 1e6:.0f} MB"

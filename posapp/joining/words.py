"""What stands around a join code: the words that HQ wrote for this weekday, basket and guest, or the program's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zlib import crc32

from posapp.clock import local
from posapp.money import ZERO, Money
from posapp.settings import Settings
from posapp.streams import HookRow

OWN: dict[str, tuple[HookRow, ...]] = {
    "display": (
        HookRow(("扫码入会 · 本单立减 ¥{saving}", "Join now and save ¥{saving}"), place=1_000),
        HookRow(("扫码入会 · 送{gift}", "Join now, get {gift}"), place=1_001),
        HookRow(("扫码入会 · 本单可积 {points} 分", "Join now, {points} points for this ticket"), place=1_002),
        HookRow(("扫码入会", "Scan to join"), place=1_003),
    ),
    "reception": (HookRow(("扫码入会", "Scan to join"), surface="reception", place=1_000),),
    "receipt": (
        HookRow(("扫码入会 领本单 {points} 积分", "Join and claim {points} points"), surface="receipt", place=1_000),
        HookRow(("扫码入会", "Scan to join"), surface="receipt", place=1_001),
    ),
}
"""Used where HQ wrote nothing that fits."""

COLLECTED = ("只收手机号,可随时退订和注销", "Your phone number only; leave whenever you like")


@dataclass(frozen=True, slots=True)
class Words:
    """hook: HQ's name of the variant, "" for the program's own."""

    hook: str
    title: str
    line: str


@dataclass(frozen=True, slots=True)
class Basket:
    """What the words depend on. saving: what joining takes off this ticket now; gift: its name, "" for none."""

    ticket: str
    total: Money
    points: int
    saving: Money = ZERO
    gift: str = ""
    is_member: bool = False


def words_for(hooks: Mapping[str, HookRow], surface: str, basket: Basket, settings: Settings, now: int) -> Words:
    """The words for a ticket: of the lowest place that fits; equals take turns by ticket, the same ticket keeps its."""
    fitting = [(name, row) for name, row in hooks.items() if _fits(row, surface, basket, settings, now)]
    fitting += [("", row) for row in OWN[surface] if _fits(row, surface, basket, settings, now)]
    lowest = min(row.place for _, row in fitting)
    equals = sorted((held for held in fitting if held[1].place == lowest), key=lambda held: held[0])
    name, row = equals[crc32(basket.ticket.encode()) % len(equals)]
    english = settings.language == "en"
    values = {"saving": basket.saving, "points": basket.points, "gift": basket.gift}
    return Words(name, _filled(row.title[english], values), _filled(row.line[english] or COLLECTED[english], values))


def _fits(row: HookRow, surface: str, basket: Basket, settings: Settings, now: int) -> bool:
    said = "".join((*row.title, *row.line))
    return (
        row.surface == surface
        and (row.audience == "member") == basket.is_member
        and (not row.weekdays or local(now, settings.time_zone).isoweekday() in row.weekdays)
        and row.least <= basket.total.fen
        and (not row.most or basket.total.fen <= row.most)
        and row.starts <= now
        and (not row.ends or now < row.ends)
        and ("{saving}" not in said or basket.saving.fen > 0)
        and ("{points}" not in said or basket.points > 0)
        and ("{gift}" not in said or bool(basket.gift))
    )


def _filled(text: str, values: Mapping[str, object]) -> str:
    """HQ's text with its values; what else stands in braces stays as it is."""
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text

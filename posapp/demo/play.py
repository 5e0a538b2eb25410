"""A day of the demo shop played from a script, told as a person would tell it, and compared with what HQ has."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import msgspec

from drivers.contracts import width, wrap
from posapp.clock import SystemClock
from posapp.demo.shop import RESOURCES, Place, ask_hq, standing
from posapp.errors import PosError
from posapp.money import Money
from posapp.quantity import Quantity
from posapp.rules.tenders import KINDS
from posapp.script import run
from posapp.selling import receipt as receipts
from posapp.selling.day import sold_on
from posapp.till import Till

DAY = RESOURCES / "day.script"

_WORDS = {
    "no_display": (
        "这里没有显示屏,先用文字演示一个早上;要看窗口,请在桌面上运行,或按 docs/remote-screen.md 用浏览器看",
        "There is no display here, so a morning is played as text; to see the windows run this on a desktop, or in a "
        "browser as docs/remote-screen.md says",
    ),
    "preparing": ("正在准备示范店 ...", "Preparing the demo shop ..."),
    "till": ("收银台 {till} 正在演示 {script}", "Till {till} plays {script}"),
    "sold": ("  {receipt}  {total:>7}  {tenders}  {goods}", "  {receipt}  {total:>7}  {tenders}  {goods}"),
    "change": ("找零", "change"),
    "told": ("  {message}", "  {message}"),
    "known": ("  会员 {name} {tier} 积分 {points}", "  Member {name} {tier}, {points} points"),
    "spent": ("  积分抵扣后应收 {due}", "  With points off, due {due}"),
    "code": ("  客显上的码: {title}", "  The code on the customer display: {title}"),
    "local": (
        "收银台: {sales} 笔,合计 {total},未上传 {unsent} 条",
        "The till: {sales} sales, {total}, {unsent} entries unsent",
    ),
    "hq": ("总部收到: {sales} 笔,合计 {total}", "Headquarters has: {sales} sales, {total}"),
    "same": ("两边一致: 每一笔都到了总部,一笔不多,一笔不少", "Both agree: every sale has arrived, none twice"),
    "differ": ("两边不一致", "They differ"),
}


def tell_how_to_see_it(language: str) -> None:
    _say(language, "no_display")


def play(data: Path | None, script: Path, language: str) -> int:
    """Set the shop up (in a temporary folder unless one is given), play a script, compare with HQ's report."""
    try:
        lines = script.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise PosError("no_such_file", file=str(script)) from None
    _say(language, "preparing")
    with standing(data) as demo:
        place = demo.shop.tills[0]
        with contextlib.closing(demo.open(place, SystemClock())) as till:
            till.sync()
            _say(language, "till", till=till.name, script=script.name)
            run(till, lines, _Answers(till, language))
            till.network(True)
            till.sync()
            return _compare(till, demo.hq, place, language)


class _Answers(io.StringIO):
    """Shows the script's answers as a person would tell them."""

    def __init__(self, till: Till, language: str) -> None:
        super().__init__()
        self._till = till
        self._language = language

    def write(self, text: str) -> int:
        answer = msgspec.json.decode(text)
        if not answer["ok"]:
            _say(self._language, "told", message=answer["error"]["message"])
        elif answer["verb"] == "member" and "name" in answer:
            told = {"name": answer["name"], "tier": answer["tier"][0], "points": answer["points"]}
            _say(self._language, "known", **told)
        elif answer["verb"] == "points":
            _say(self._language, "spent", due=answer["due"])
        elif answer["verb"] == "join":
            _say(self._language, "code", title=answer["title"])
        elif answer["verb"] == "pay" and "receipt" in answer:
            sale = receipts.find(self._till.folder, answer["receipt"]).body
            place = 1 if self._language == "en" else 0
            tenders = "+".join(KINDS[tender.kind][place] for tender in sale.tenders)
            if sale.change:
                tenders += f" {_word(self._language, 'change')} {Money(sale.change)}"
            goods = "、".join(f"{line.name} {Quantity(line.qty)}{line.unit}" for line in sale.lines)
            tenders += " " * (16 - width(tenders))
            _say(
                self._language,
                "sold",
                receipt=answer["receipt"],
                total=answer["total"],
                tenders=tenders,
                goods=goods if width(goods) <= 60 else wrap(goods, 58)[0] + "…",
            )
        return len(text)


def _compare(till: Till, hq: Path, place: Place, language: str) -> int:
    report = ask_hq(hq, "report", "day", "--store", str(place.store), "--json", "--date", till.journal.business_date())
    mine = next(row for row in report["tills"] if row["number"] == place.number)
    with till.folder.till.reading() as conn:
        sales, total = sold_on(conn, till.journal.business_date())
    _say(language, "local", sales=sales, total=total, unsent=till.status().unsent)
    _say(language, "hq", sales=mine["sales"], total=mine["total"])
    is_same = (sales, str(total)) == (mine["sales"], mine["total"])
    _say(language, "same" if is_same else "differ")
    return 0 if is_same else 1


def _word(language: str, key: str) -> str:
    return _WORDS[key][1 if language == "en" else 0]


def _say(language: str, key: str, **values: object) -> None:
    print(_word(language, key).format(**values), flush=True)

"""The demo's hands: the till's window, the customer's, a phone, the printer's paper and the scan tray, side by side.

One process; HQ is its child. Closing the till's window ends it all.
"""

from __future__ import annotations

import contextlib
import random  # noqa: TID251  (payment codes of nobody)
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
from PySide6.QtCore import QCoreApplication, QRect, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QWindow
from PySide6.QtWidgets import QApplication, QWidget

from drivers.contracts import Reason
from drivers.printers import virtual
from posapp import log
from posapp.app import App, dress
from posapp.clock import SystemClock
from posapp.demo import history
from posapp.demo.paper_screen import PaperWindow
from posapp.demo.past_screen import PastWindow
from posapp.demo.phone import Phone, Provider, hq_texting
from posapp.demo.phone_screen import PhoneWindow
from posapp.demo.shop import RESOURCES, Clerk, Demo, ask_hq, hq_member_codes, lan_address, standing
from posapp.demo.tray_screen import Card, ScanTray, Switch
from posapp.devices import DEVICES_FILE, RECEIPT, Configured
from posapp.errors import Cancelled
from posapp.rules import codes
from posapp.rules.labels import check_digit
from posapp.till import Till
from posapp.ui import theme
from posapp.ui.customer import CustomerDisplay
from posapp.ui.language import speak

_log = log.named("ui")

SWITCHES = 72
"""Height of the tray's row of switches."""

TITLE_BAR = 32
"""Pixels that a window manager adds above a window, about."""


def _tr(text: str) -> str:
    return QCoreApplication.translate("", text)  # where lupdate files what stands in no QObject


class CardFile(msgspec.Struct):
    """A card of resources/demo/cards.json. grams: a label of the shop's scale is made for the article.

    code: a member's card number, a newcomer's phone number, an article's code.
    """

    name: str
    code: str
    detail: str = ""
    colour: str = "#0f6b4f"
    grams: int = 0


def show(data: Path | None, language: str | None, progress: Callable[[int, int], None] | None) -> int:
    """Set the demo up, give it its past, and show it until the till's window is closed; 130 if that was given up.

    language: what the chain's setting becomes; None leaves it. progress: hears of the past, too.
    """
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    theme.dress(app, theme.LIGHT)
    speak(app, language or "zh")
    is_lived = data is not None and history.is_done(data)
    waiting = None if is_lived else PastWindow()

    def past(demo: Demo) -> None:
        assert waiting
        _say(language, "正在准备四周的销售记录 ...", "Preparing four weeks of sales ...")

        def told(done: int, whole: int) -> None:
            waiting.come(done, whole)
            if progress:
                progress(done, whole)

        history.fill(demo, history.read_habits(), told)

    signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started this may have it ignored
    try:
        if waiting:
            waiting.show()
            waiting.come()
        with standing(data, lan_address(), past if waiting else None) as demo, hq_texting(demo.hq) as provider:
            if waiting:
                waiting.hide()
            return _sit_at(app, demo, provider, language)
    except (Cancelled, KeyboardInterrupt):
        sys.stderr.write("\n")  # a bar may stand there
        _say(language, "已停止,示范店没有打开。", "Stopped; the demo shop was not opened.")
        return 130


def _sit_at(app: QApplication, demo: Demo, provider: Provider, language: str | None) -> int:
    """The windows of a demo that stands, until the till's is closed."""
    if language:
        ask_hq(demo.hq, "set", "chain", "language", language)
    user = demo.shop.console[0]
    _say(language, "总部看板:", "Headquarters in the browser:")
    sys.stderr.write(f"{demo.console} {user.name} {user.password}\n")
    place = demo.shop.tills[0]
    papers = demo.folder / "paper"
    connect_printer(demo, papers)
    with contextlib.closing(demo.open(place, SystemClock())) as till:
        log.to_file(demo.data(place) / "till.log")
        till.sync()
        till.runner.start()
        dress(app, till)
        hands = Hands(till, demo, papers, provider)
        hands.arrange(app.primaryScreen().availableGeometry())
        hands.show()
        # also before the loop has begun, which would not hear of it
        signal.signal(signal.SIGINT, lambda *_: QTimer.singleShot(0, app.quit))
        _log.info("the window stands")
        try:
            return app.exec()
        finally:
            hands.close()


def _say(language: str | None, chinese: str, english: str) -> None:
    sys.stderr.write((english if language == "en" else chinese) + "\n")


def connect_printer(demo: Demo, papers: Path) -> None:
    """Only the till that is sat at has a printer; its past has none."""
    devices = {RECEIPT: Configured("virtual", {"folder": str(papers)})}
    (demo.state(demo.shop.tills[0]) / DEVICES_FILE).write_bytes(msgspec.json.encode(devices))


class Hands:
    """The windows of a running demo."""

    def __init__(
        self,
        till: Till,
        demo: Demo,
        papers: Path,
        provider: Provider,
        open_page: Callable[[QUrl], bool] = QDesktopServices.openUrl,
    ) -> None:
        self.till, self._demo, self._papers, self._open_page = till, demo, papers, open_page
        self.app = App(till, self._hint())
        self.customer = CustomerDisplay(self.app.window, till.settings.store_name)
        self.app.face(self.customer)
        self.paper = PaperWindow(papers)
        self.tray = ScanTray(self._window)
        self._cards = msgspec.json.decode((RESOURCES / "cards.json").read_bytes(), type=dict[str, list[CardFile]])
        language = till.settings.language
        phones = [Phone(card.code, card.name, provider, language) for card in self._cards["newcomers"]]
        self.phone = PhoneWindow(phones, provider, self.customer, demo.address)
        self._fill_tray()

    @property
    def windows(self) -> dict[str, QWidget]:
        """By name, in the order in which they are laid on each other."""
        return {
            "phone": self.phone,
            "paper": self.paper,
            "tray": self.tray,
            "customer": self.customer,
            "till": self.app.window,
        }

    def show(self) -> None:
        for window in (self.phone, self.paper, self.tray):
            window.show()
        self.customer.open()
        self.app.window.show()
        self.app.window.activateWindow()

    def arrange(self, area: QRect) -> None:
        for name, place in places(area).items():
            self.windows[name].setGeometry(place)

    def close(self) -> None:
        self.phone.put_away()
        self.app.close()
        for window in (self.customer, self.paper, self.tray, self.phone):
            window.close()
            window.deleteLater()

    # --- the tray ---

    def _fill_tray(self) -> None:
        cards = self._cards
        self.tray.add(_tr("商品"), [_card(card) for card in cards["goods"]])
        codes_of = hq_member_codes(self._demo.hq, [card.code for card in cards["members"]])
        guests = [
            Card(card.name, codes_of[card.code], card.detail, card.colour, is_qr=True) for card in cards["members"]
        ]
        phone = Card(
            _tr("顾客的手机"), "", _tr("扫码、填表、收短信"), "#2f5d8a", act=self.phone.raise_, word=_tr("拿起手机")
        )
        self.tray.add(_tr("客人"), [*guests, self._newcomer(cards["newcomers"][0]), phone])
        self.tray.add(_tr("称重商品(秤打出的标签)"), [_card(card) for card in cards["weighed"]])
        self.tray.add(_tr("工牌"), [self._badge(clerk) for clerk in self.staff() if _badge_of(self._demo, clerk)])
        boards = Card(_tr("总部看板"), "", _tr("各店的数字"), "#0f6b4f", act=self._boards, word=_tr("打开浏览器"))
        self.tray.add(_tr("总部"), [boards])
        # Another kind of thing to scan is one more card here.
        self.tray.add(
            _tr("其他"),
            [
                Card(_tr("上一张小票"), self._last_receipt, _tr("印在纸上的退货码"), "#5b6675", is_qr=True),
                Card(_tr("顾客付款码"), _pay_code(), _tr("微信付款码"), "#1aad19", is_qr=True),
                Card(_tr("不认识的条码"), "6900000000007", _tr("系统里没有"), "#b3261e"),
            ],
        )
        self.tray.add_switches([Switch("cut", _tr("断网"), lambda is_cut: self.till.network(not is_cut))], is_one=False)
        jams = [
            Switch("no_paper", _tr("缺纸"), partial(self._jam, Reason.NO_PAPER)),
            Switch("cover_open", _tr("开盖"), partial(self._jam, Reason.COVER_OPEN)),
            Switch("offline", _tr("打印机断电"), partial(self._jam, Reason.OFFLINE)),
        ]
        self.tray.add_switches(jams, is_one=True)

    def _newcomer(self, card: CardFile) -> Card:
        return Card(
            card.name, "", card.detail, card.colour, act=partial(self._pick_up, card.name), word=_tr("扫客显入会")
        )

    def _pick_up(self, name: str) -> None:
        """This guest takes out the phone and joins by the code on the customer display."""
        self.phone.raise_()
        self.phone.choose(name)
        self.phone.walk()

    def _boards(self) -> None:
        """Open HQ's boards; the till says where they are and who can sign in, also where there is no browser."""
        self._open_page(QUrl(self._demo.console))
        user = self._demo.shop.console[0]
        self.app.window.say(
            _tr("总部看板 {url} 用户 {name} 密码 {password}").format(
                url=self._demo.console, name=user.name, password=user.password
            )
        )

    def _window(self) -> QWindow | None:
        return self.app.window.windowHandle()

    def _jam(self, reason: Reason, is_jammed: bool) -> None:
        virtual.jam(self._papers, reason if is_jammed else None)
        if printer := self.till.devices.receipt:
            printer.wake()

    def _last_receipt(self) -> str:
        """The number on the newest paper that has one."""
        for paper in reversed(virtual.printed(self._papers)):
            text = paper.with_suffix(".txt")
            if text.exists() and (found := codes.RECEIPT.search(text.read_text("utf-8"))):
                return found[0]
        return ""

    def _badge(self, clerk: Clerk) -> Card:
        return Card(clerk.name, _badge_of(self._demo, clerk), str(clerk.number), "#7a4b9d", is_qr=True)

    def staff(self) -> list[Clerk]:
        """Who can sign in at this till."""
        own = str(self._demo.shop.tills[0].store)
        return [clerk for clerk in self._demo.shop.clerks if clerk.store in ("chain", own)]

    def _hint(self) -> str:
        roles = {"cashier": _tr("收银员"), "lead": _tr("组长"), "manager": _tr("店长")}
        told = [f"{clerk.number} {clerk.name} {roles[clerk.role]} {clerk.pin}" for clerk in self.staff()]
        users = [f"{user.name} {user.password}" for user in self._demo.shop.console]
        boards = _tr("总部看板的用户和密码:")
        return "\n".join([_tr("示范店的工号、姓名和密码:"), *told, boards, *users])


def _card(card: CardFile) -> Card:
    code = card.code
    if card.grams:
        label = f"22{card.code:0>5}{card.grams:05d}"
        code = label + check_digit(label)
    return Card(card.name, code, card.detail, card.colour)


_badges: dict[int, str] = {}


def _badge_of(demo: Demo, clerk: Clerk) -> str:
    """A new badge from HQ; none from an HQ that knows no badges."""
    if clerk.number not in _badges:
        try:
            told = str(ask_hq(demo.hq, "clerk", "badge", str(clerk.number)))
        except (RuntimeError, SystemExit):
            told = ""
        found = codes.BADGE.search(told)
        _badges[clerk.number] = found[0] if found else ""
    return _badges[clerk.number]


def _pay_code() -> str:
    return f"13{random.randrange(10**16):016d}"  # noqa: S311


def places(area: QRect) -> dict[str, QRect]:
    """Where the windows go on a screen: apart where there is room, else tray, paper and phone share the right edge."""
    left, top, width, height = area.x(), area.y(), area.width(), area.height()
    if width >= 1800 and height >= 900:
        right, cards = 480, 352
        customer = QRect(left + width - right, top + TITLE_BAR, right, right * 600 // 1024)
        below = customer.bottom() + 1 + TITLE_BAR
        phone = min(400, height * 3 // 8)
        tray = QRect(customer.left() - cards, top + TITLE_BAR, cards - 8, height - phone - 2 * TITLE_BAR)
        return {
            "till": QRect(left, top + TITLE_BAR, width - right - cards - 8, height - TITLE_BAR),
            "tray": tray,
            "phone": QRect(tray.left(), tray.bottom() + 1 + TITLE_BAR, tray.width(), phone),
            "customer": customer,
            "paper": QRect(customer.left(), below, right, top + height - below),
        }
    right = max(340, width - 1024)
    customer = QRect(left + width - right, top + TITLE_BAR, right, right * 600 // 1024)
    below = customer.bottom() + 1 + TITLE_BAR
    tray = QRect(customer.left(), below, right, top + height - below)
    # The paper covers cards of the tray when something is printed, until one is tapped; never the switches below them.
    paper = tray.adjusted(0, tray.height() * 2 // 5, 0, -SWITCHES)
    return {
        "till": QRect(left, top + TITLE_BAR, min(1024, width), height - TITLE_BAR),
        "tray": tray,
        "customer": customer,
        "paper": paper,
        "phone": paper,
    }

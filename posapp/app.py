"""The till by window: till.py plus Qt. Puts the screens in front of each other as the till's state wants."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtWidgets import QApplication

from posapp.answers import OpenTicket, PaidView, StatusView
from posapp.money import Money
from posapp.rules.codes import kind_of
from posapp.selling.facing_screen import Facing
from posapp.selling.screen import SaleScreen
from posapp.shift.screen import DoorScreen
from posapp.till import Till
from posapp.ui import theme
from posapp.ui.choice import Option
from posapp.ui.customer import CustomerDisplay, Poster
from posapp.ui.question import Step
from posapp.ui.window import Window

STATUS_MS = 1_000


def _tr(text: str) -> str:
    return QCoreApplication.translate("App", text)


def _printer_words() -> dict[str, str]:
    return {
        "ready": _tr("打印机正常"),
        "unknown": _tr("打印机状态未知"),
        "no_paper": _tr("打印机缺纸,请换纸"),
        "cover_open": _tr("打印机盖未合,请合上"),
        "offline": _tr("打印机未连接"),
        "refused": _tr("打印机拒绝连接"),
        "not_found": _tr("找不到打印机"),
        "timeout": _tr("打印机没有应答"),
    }


class App:
    """A till's window and its screens: sign in, open a shift, sell, lock, close the shift. hint: a line for whoever
    signs in."""

    def __init__(self, till: Till, hint: str = "") -> None:
        self.till = till
        self._facing: Facing | None = None
        self._is_locked = False
        self.window = Window(
            f"posapp {till.name}",
            lambda error: error.sentence(till.settings.language),
            _tr("程序出错了,刚才的操作没有完成;当前单据已保存,可以继续"),
        )
        number, pin = Step(_tr("工号,或扫工牌")), Step(_tr("密码"), is_secret=True)
        self.sign_in = DoorScreen("sign_in", _tr("登录"), [number, pin], self._sign_in, self._refresh_door, hint)
        self.locked = DoorScreen(
            "locked", _tr("已锁屏"), [Step(_tr("密码,或扫工牌"), is_secret=True)], self._unlock, self._change_clerk
        )
        self.open_shift = DoorScreen(
            "open_shift", _tr("开班"), [Step(_tr("备用金"))], self._open_shift, self._change_clerk
        )
        self.close_shift = DoorScreen(
            "close_shift", _tr("交班"), [Step(_tr("钱箱实点金额"))], self._close_shift, self._go_on
        )
        self.sale = SaleScreen(self.window, till, self._lead, self._more, self._ticket_changed)
        for name, page in (
            ("sign_in", self.sign_in),
            ("locked", self.locked),
            ("open_shift", self.open_shift),
            ("close_shift", self.close_shift),
            ("sale", self.sale),
        ):
            self.window.add(name, page, page)
        self.window.scanned = self._scanned
        self._timer = QTimer(self.window, interval=STATUS_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()
        self._go_on()

    def close(self) -> None:
        """Take the window away; the till stays the caller's to close."""
        self._timer.stop()
        self.window.close()
        self.window.deleteLater()

    def face(self, display: CustomerDisplay) -> None:
        """Show a customer what happens here."""
        self._facing = Facing(display)
        self._show_posters()
        self.sale.refresh()

    def _show_posters(self) -> None:
        if self._facing:
            self._facing.hang([Poster(held.picture, held.caption) for held in self.till.notices()])

    # --- where the cashier stands ---

    def _go_on(self) -> None:
        """The screen that the till's state wants."""
        if self.till.clerk is None:
            self.window.show_page("sign_in")
        elif self._is_locked:
            self.window.show_page("locked")
        elif self.till.shift is None:
            self.window.show_page("open_shift")
        else:
            self.window.show_page("sale")
        self.show_status()

    def _lead(self, action: str) -> None:
        match action:
            case "lock":
                self.lock()
            case "close_shift":
                self.window.show_page("close_shift")
            case _:
                self.window.tell(_tr("此功能尚未开通"))

    def _more(self) -> Sequence[Option]:
        training = _tr("退出培训") if self.till.is_training else _tr("培训模式")
        return [
            Option("more_training", training, self._train),
            *map(self.sale.option, ("lock", "close_shift")),
        ]

    def _train(self) -> None:
        if self.window.run(lambda: self.till.training(not self.till.is_training)):
            self._go_on()

    def lock(self) -> None:
        """Nobody sells here until the clerk, or a colleague, is known again; the ticket stays as it is."""
        if self.till.clerk:
            self._is_locked = True
            self._go_on()

    def _tick(self) -> None:
        after = self.till.settings.lock_after
        if after and not self._is_locked and self.till.clerk and self.window.idle_s() >= after:
            self.lock()
        self.show_status()

    def _scanned(self, code: str) -> None:
        """A code does what it is from any screen; without a clerk or a shift the till says what is missing."""
        clerk = self.till.clerk
        if self.window.page_name == "sale":
            self.sale.scanned(code)
        elif clerk and self.till.shift and not self._is_locked:
            self.window.show_page("sale")
            self.sale.scanned(code)
        elif self._is_locked and kind_of(code) != "badge":
            self.window.tell(_tr("已锁屏,请扫工牌或输入密码"))
        elif self.window.run(lambda: self.till.scan(code)) is not None:
            self._is_locked = False
            self._go_on()
        if self.till.clerk is not clerk:
            self.show_status()

    def _ticket_changed(self, ticket: OpenTicket, paid: PaidView | None, is_paying: bool) -> None:
        """What the customer sees follows."""
        if self._facing:
            self._facing.show(ticket, paid, is_paying)

    # --- answers ---

    def _sign_in(self, answers: list[str]) -> None:
        if self.window.run(lambda: self.till.sign_in(*answers)):
            self._is_locked = False
            self._go_on()

    def _refresh_door(self) -> None:
        self.sign_in.refresh()

    def _unlock(self, answers: list[str]) -> None:
        if self.window.run(lambda: self.till.unlock(*answers)):
            self._is_locked = False
            self._go_on()

    def _change_clerk(self) -> None:
        if self.window.run(self.till.sign_out):
            self._go_on()

    def _open_shift(self, answers: list[str]) -> None:
        if self.window.run(lambda: self.till.open_shift(Money.parse(answers[0]))):
            self._go_on()

    def _close_shift(self, answers: list[str]) -> None:
        if self.window.run(lambda: self.till.close_shift(Money.parse(answers[0]))):
            self._go_on()

    # --- the status line ---

    def show_status(self) -> None:
        status = self.till.status()
        clerk = f" · {self.till.clerk.name}" if self.till.clerk else ""
        store = self.till.settings.store_name or ""
        shift = _tr("已开班") if status.shift == "open" else _tr("未开班")
        self.window.place.setText(f"{store} {status.till}{clerk} · {shift}")
        self.window.state.setText(" · ".join(self._state_words(status)))
        self.window.ribbon.setText(_tr("培训模式 · 不计入营业") if status.training else "")
        self.window.ribbon.setVisible(status.training)

    def _state_words(self, status: StatusView) -> list[str]:
        words = [_tr("联网") if status.network == "on" and not status.trouble else _tr("离线销售中")]
        if status.unsent:
            minutes = max(0, status.now - (status.oldest_unsent or status.now)) // 60_000
            age = _tr(",最早 {age} 前").format(age=_age(minutes)) if minutes else ""
            words.append(_tr("待上传 {count} 笔").format(count=status.unsent) + age)
        if status.printer is not None:
            words.append(_printer_words().get(status.printer, _tr("打印机有问题")))
        if status.printing:
            words.append(_tr("待打印 {count} 张").format(count=status.printing))
        if status.parked:
            words.append(_tr("挂单 {count}").format(count=status.parked))
        return words


def _age(minutes: int) -> str:
    if minutes < 60:
        return _tr("{count} 分钟").format(count=minutes)
    if minutes < 48 * 60:
        return _tr("{count} 小时").format(count=minutes // 60)
    return _tr("{count} 天").format(count=minutes // (24 * 60))


def run(till: Till) -> int:
    """Show the window until it is closed."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme.dress(app, theme.LIGHT)
    shown = App(till)
    shown.window.resize(1366, 768)
    shown.window.show()
    try:
        return app.exec()
    finally:
        shown.close()

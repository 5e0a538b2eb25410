"""The till by window: till.py plus Qt. Puts the screens in front of each other as the till's state wants."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtWidgets import QApplication

from posapp.money import Money
from posapp.selling.screen import SaleScreen
from posapp.shift.screen import DoorScreen
from posapp.till import Till
from posapp.ui import theme
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
    """A till's window and its screens: sign in, open a shift, sell, close the shift. hint: stands at the sign-in."""

    def __init__(self, till: Till, hint: str = "") -> None:
        self.till = till
        self.window = Window(
            f"posapp {till.name}",
            lambda error: error.sentence(till.settings.language),
            _tr("程序出错了,刚才的操作没有完成;当前单据已保存,可以继续"),
        )
        self.sign_in = DoorScreen(
            "sign_in",
            _tr("登录"),
            [Step(_tr("工号")), Step(_tr("密码"), is_secret=True)],
            self._sign_in,
            lambda: self.sign_in.refresh(),
            hint,
        )
        self.open_shift = DoorScreen(
            "open_shift", _tr("开班"), [Step(_tr("备用金"))], self._open_shift, lambda: self._leave()
        )
        self.close_shift = DoorScreen(
            "close_shift", _tr("交班"), [Step(_tr("钱箱实点金额"))], self._close_shift, lambda: self._go_on()
        )
        self.sale = SaleScreen(self.window, till, self._leave, lambda: self.window.show_page("close_shift"))
        for name, page in (
            ("sign_in", self.sign_in),
            ("open_shift", self.open_shift),
            ("close_shift", self.close_shift),
            ("sale", self.sale),
        ):
            self.window.add(name, page, page)
        self.window.scanned = self._scanned
        self._timer = QTimer(self.window, interval=STATUS_MS)
        self._timer.timeout.connect(self.show_status)
        self._timer.start()
        self._go_on()

    def _go_on(self) -> None:
        """The screen that the till's state wants."""
        if self.till.clerk is None:
            self.window.show_page("sign_in")
        elif self.till.shift is None:
            self.window.show_page("open_shift")
        else:
            self.window.show_page("sale")
        self.show_status()

    def close(self) -> None:
        """Take the window away; the till stays the caller's to close."""
        self._timer.stop()
        self.window.close()
        self.window.deleteLater()

    def show_status(self) -> None:
        status = self.till.status()
        clerk = f" · {self.till.clerk.name}" if self.till.clerk else ""
        store = self.till.settings.store_name or ""
        self.window.place.setText(f"{store} {status.till}{clerk}")
        words = [_tr("联网") if status.network == "on" and not status.trouble else _tr("离线销售中")]
        if status.unsent:
            words.append(_tr("待上传 {count} 笔").format(count=status.unsent))
        if status.printer is not None:
            words.append(_printer_words().get(status.printer, _tr("打印机有问题")))
        if status.printing:
            words.append(_tr("待打印 {count} 张").format(count=status.printing))
        if status.parked:
            words.append(_tr("挂单 {count}").format(count=status.parked))
        self.window.state.setText(" · ".join(words))

    def _scanned(self, code: str) -> None:
        """A code does what it is from any screen; without a clerk or a shift the till says what is missing."""
        if self.till.clerk and self.till.shift:
            self.window.show_page("sale")
            self.sale.scanned(code)
        else:
            self.window.run(lambda: self.till.scan(code))

    def _sign_in(self, answers: list[str]) -> None:
        if self.window.run(lambda: self.till.sign_in(*answers)):
            self._go_on()

    def _leave(self) -> None:
        if self.window.run(self.till.sign_out):
            self._go_on()

    def _open_shift(self, answers: list[str]) -> None:
        if self.window.run(lambda: self.till.open_shift(Money.parse(answers[0]))):
            self._go_on()

    def _close_shift(self, answers: list[str]) -> None:
        if self.window.run(lambda: self.till.close_shift(Money.parse(answers[0]))):
            self._go_on()


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

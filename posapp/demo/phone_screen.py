"""The customer's phone in a window: it reads the code off the customer display, opens or fills in the page behind it,
and shows the text messages that arrive.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from functools import partial
from threading import Event, Thread

import zxingcpp
from PIL import Image
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from posapp.demo.phone import Phone, PhoneError, Provider
from posapp.ui.label import CENTRE, label
from posapp.ui.theme import LIGHT, Colours

LOOK_MS = 250
_EDGE, _MOST = 10, 30


def code_on(widget: QWidget) -> str:
    """The QR code in a window's picture, as a camera reads it; "" where there is none."""
    held = QByteArray()
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    widget.grab().save(buffer, "PNG")
    with Image.open(io.BytesIO(held.data())) as image:
        found = zxingcpp.read_barcodes(
            image.convert("L"), formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
        )
    return next((code.text for code in found), "")


class PhoneWindow(QWidget):
    """Guests who take it in hand in turn, what their phone does, and its text messages.

    display: the window that is photographed. open_page: the desktop's browser. done: a walk has ended.
    """

    told = Signal(str)
    done = Signal(str, bool)

    def __init__(
        self,
        phones: Sequence[Phone],
        provider: Provider,
        display: QWidget,
        address: str,
        colours: Colours = LIGHT,
        open_page: Callable[[QUrl], object] = QDesktopServices.openUrl,
    ) -> None:
        super().__init__()
        self.setObjectName("phone_window")
        self.setWindowTitle(self.tr("顾客的手机"))
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        self.setWindowFlag(Qt.WindowType.WindowDoesNotAcceptFocus)
        self.setStyleSheet(
            f"QWidget#phone_window {{ background: {colours.ground}; }}"
            f"QWidget#texts {{ background: {colours.surface}; }}"
            f"QLabel[bubble=true] {{ background: {colours.raised}; border: 1px solid {colours.line};"
            " border-radius: 8px; padding: 6px; font-size: 14px; }"
            "QPushButton { font-size: 14px; min-height: 36px; padding: 0 4px; }"
            f"QPushButton:checked {{ background: {colours.chosen}; border: 2px solid {colours.accent}; }}"
        )
        self._phones, self._provider, self._display, self._open_page = phones, provider, display, open_page
        self._stop = Event()
        self._walk: Thread | None = None
        self._seen = 0
        self.phone = phones[0]
        self.guests = QHBoxLayout()
        self.guests.setSpacing(6)
        self._group = QButtonGroup(self)
        for n, phone in enumerate(phones):
            made = self._button(f"guest_{n}", phone.name, partial(self.choose, phone.name))
            made.setCheckable(True)
            self._group.addButton(made, n)
            self.guests.addWidget(made)
        self._group.buttons()[0].setChecked(True)
        self.scan = self._button("scan", self.tr("扫客显上的码"), self.open_in_browser)
        self.fill = self._button("fill", self.tr("替我填好"), self.walk)
        self.state = label("state", "", align=CENTRE)
        self.state.setWordWrap(True)
        self.state.setMinimumHeight(44)
        self.reach = label("reach", "small", is_quiet=True, align=CENTRE, text=self._reach(address))
        self.reach.setWordWrap(True)
        self._lay_out()
        self.told.connect(self._show_step)
        self.done.connect(self._show_end)
        self._looking = QTimer(self, interval=LOOK_MS)
        self._looking.timeout.connect(self.look)
        self._looking.start()
        self.state.setText(self.tr("卖一件东西,客显上就有码"))

    def _lay_out(self) -> None:
        inside = QWidget()
        inside.setObjectName("texts")
        self._texts = QVBoxLayout(inside)
        self._texts.setContentsMargins(8, 8, 8, 8)
        self._none = label("no_texts", "small", is_quiet=True, align=CENTRE, text=self.tr("还没有短信"))
        self._texts.addWidget(self._none)
        self._texts.addStretch(1)
        self.view = QScrollArea()
        self.view.setObjectName("view")
        self.view.setAccessibleName(self.tr("短信"))
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.setWidget(inside)
        self.view.setWidgetResizable(True)
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        acts = QHBoxLayout()
        acts.setSpacing(6)
        acts.addWidget(self.scan)
        acts.addWidget(self.fill)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_EDGE, _EDGE, _EDGE, _EDGE)
        layout.setSpacing(6)
        layout.addLayout(self.guests)
        layout.addLayout(acts)
        layout.addWidget(self.state)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.reach)

    @staticmethod
    def _button(name: str, text: str, act: Callable[[], object]) -> QPushButton:
        made = QPushButton(text)
        made.setObjectName(name)
        made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        made.clicked.connect(lambda: act())
        return made

    def _reach(self, address: str) -> str:
        if "//127." in address:
            return self.tr("这台电脑没有网络: 码只有本机能打开")
        return self.tr("您自己的手机连同一个 Wi-Fi 也能扫\n{address}").format(address=address)

    # --- what it does ---

    def choose(self, name: str) -> None:
        """Another guest takes the phone in hand."""
        if self._walk is None:
            self.phone = next(phone for phone in self._phones if phone.name == name)
        self._group.buttons()[self._phones.index(self.phone)].setChecked(True)

    def open_in_browser(self) -> None:
        if url := self._read():
            self._open_page(QUrl(url))
            self.state.setText(self.tr("网页已在浏览器打开;验证码会出现在下面"))

    def walk(self) -> None:
        """Fill in the page as the guest would, beside the window's own thread."""
        if self._walk is not None or not (url := self._read()):
            return
        self.fill.setEnabled(False)
        self._walk = Thread(target=self._join, args=(self.phone, url), name="phone", daemon=True)
        self._walk.start()

    def _read(self) -> str:
        url = code_on(self._display)
        if not url:
            self.state.setText(self.tr("客显上现在没有入会码,先卖一件东西"))
        return url

    def _join(self, phone: Phone, url: str) -> None:
        try:
            said, is_well = phone.join(url, self.told.emit, self._stop), True
        except PhoneError as error:
            said, is_well = str(error), False
        if not self._stop.is_set():
            self.done.emit(said, is_well)

    def _show_step(self, step: str) -> None:
        words = {
            "open": self.tr("1/3 打开网页 ..."),
            "text": self.tr("2/3 等验证码短信 ..."),
            "fill": self.tr("3/3 填好,提交 ..."),
        }
        self.state.setText(words[step])

    def _show_end(self, said: str, is_well: bool) -> None:
        self._walk = None
        self.fill.setEnabled(True)
        failed = self.tr("没有成功: {why}").format(why=said or self.tr("网页没有打开,或者短信没有来"))
        self.state.setText(said if is_well else failed)

    # --- its text messages ---

    def look(self) -> None:
        """Show what has arrived since the last look, the newest on top."""
        arrived = self._provider.arrived[self._seen :]
        for message in arrived:
            bubble = QLabel(f"…{message.phone[-4:]}  {message.text}")
            bubble.setObjectName("text")
            bubble.setProperty("bubble", True)
            bubble.setTextFormat(Qt.TextFormat.PlainText)
            bubble.setWordWrap(True)
            self._texts.insertWidget(0, bubble)
        self._seen += len(arrived)
        self._none.setVisible(self._seen == 0)
        while arrived and self._texts.count() > _MOST + 2:
            oldest = self._texts.takeAt(_MOST)
            if oldest and (widget := oldest.widget()):
                widget.deleteLater()

    def put_away(self) -> None:
        """Stop what is under way, before the window goes."""
        self._looking.stop()
        self._stop.set()
        if self._walk:
            self._walk.join()

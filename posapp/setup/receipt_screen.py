"""What this store's receipts look like: a sample on paper of both widths, and the template's fields to try out.

Headquarters keeps the template; what is typed here shows at once and is kept nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QPixmap
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from drivers.contracts import Document
from posapp import devices
from posapp.errors import PosError
from posapp.rules.receipt import document, marked
from posapp.rules.sample_receipt import sample
from posapp.settings import SETTINGS, Settings, read_setting
from posapp.ui.form import Field, Form
from posapp.ui.keypad import button
from posapp.ui.label import CENTRE, label

NEW_LINE = "\\"
"""Stands for the end of a line in a field of one line."""

SHOWN = ("store_name", "receipt_header", "receipt_footer", "receipt_qr")
WIDTH = 400
"""Pixels of the widest paper on the screen."""


class ReceiptScreen(QWidget):
    """values: the store's settings as text. logo: its picture, None while there is none. print_sample takes what is
    shown, marked as a sample."""

    def __init__(
        self,
        values: Callable[[], dict[str, str]],
        logo: Callable[[], bytes | None],
        print_sample: Callable[[Document], object],
        language: Callable[[], str],
        leave: Callable[[], None],
    ) -> None:
        super().__init__()
        self._values, self._logo, self._print = values, logo, print_sample
        self._language, self._leave = language, leave
        self.paper = label("paper", align=CENTRE)
        self.paper.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.view = QScrollArea()
        self.view.setObjectName("paper_view")
        for made in (self.paper, self.view):
            made.setAccessibleName(self.tr("样张"))
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.setWidgetResizable(True)
        self.view.setWidget(self.paper)
        self.view.setFixedWidth(WIDTH + 24)
        more = [
            button("receipt_print", self.tr("打印样张"), self._print_sample, key="F8"),
            button("receipt_keyboard", self.tr("看整张"), self._turn_keyboard, key="F9"),
            button("receipt_back", self.tr("返回"), lambda: self._leave(), key="Esc"),
        ]
        self.form = Form(more, self._draw, self.view)
        hint = self.tr("模板由总部设定 (posapp hq set);这里显示现在用的,改动只供试看,不会保存。用 \\ 换行")
        self.hint = label("receipt_hint", "small", is_quiet=True, text=hint)
        self.hint.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(label("receipt_title", "large", text=self.tr("小票样子")))
        layout.addWidget(self.hint)
        layout.addWidget(self.form, 1)
        self.shown: Document = ()

    def refresh(self) -> None:
        """The template in force."""
        place = 1 if self._language() == "en" else 0
        values = self._values()
        fields = [
            Field("paper", "choice", self.tr("纸宽,毫米"), default=80, choices=(58, 80)),
            *(Field(name, "text", SETTINGS[name].help[place]) for name in SHOWN),
        ]
        self.form.ask(fields, {name: values.get(name, "").replace("\n", NEW_LINE) for name in SHOWN})
        self._draw()

    def _document(self) -> Document | None:
        """The sample by the template as it stands in the fields; None where a field cannot be, which then says so."""
        values = self._values()
        is_right = True
        for name in SHOWN:
            text = self.form.texts[name].replace(NEW_LINE, "\n")
            try:
                read_setting(name, text)
                values[name] = text
            except PosError as error:
                is_right = False
                self.form.complain(name, error.sentence(self._language()))
        return document(sample(), Settings(values), logo=self._logo()) if is_right else None

    def _draw(self) -> None:
        made = self._document()
        if made is None:
            return
        self.shown = made
        width: Literal[58, 80] = 58 if self.form.texts["paper"] == "58" else 80
        picture = QPixmap()
        picture.loadFromData(devices.preview(made, width))
        # both widths at one scale, so that the narrow roll looks narrow
        shown = picture.width() * WIDTH // 576
        self.paper.setPixmap(picture.scaledToWidth(shown, Qt.TransformationMode.SmoothTransformation))

    def _print_sample(self) -> None:
        if made := self._document():
            self._print(marked(made, self.tr("样张")))

    def _turn_keyboard(self) -> None:
        self.form.letters.setVisible(not self.form.letters.isVisible())

    def key(self, event: QKeyEvent) -> bool:
        """Whether the screen took the key."""
        bar = self.view.verticalScrollBar()
        match event.key():
            case Qt.Key.Key_Escape:
                self._leave()
            case Qt.Key.Key_F8:
                self._print_sample()
            case Qt.Key.Key_F9:
                self._turn_keyboard()
            case Qt.Key.Key_PageDown:
                bar.setValue(bar.value() + bar.pageStep())
            case Qt.Key.Key_PageUp:
                bar.setValue(bar.value() - bar.pageStep())
            case _:
                return self.form.key(event)
        return True

"""The page for what a customer said: one touch of a usual sentence, or a few words of the clerk's own.

The one place of the till with a text box: Chinese is written with the system's input method.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from posapp.ui.keypad import button
from posapp.ui.label import label

LONGEST = 60


class FeedbackScreen(QWidget):
    """category: (name, what it is called) of what is told now; post(text): whether it was taken."""

    def __init__(
        self, category: Callable[[], tuple[str, str]], post: Callable[[str], bool], leave: Callable[[], object]
    ) -> None:
        super().__init__()
        self._category, self._post, self._leave = category, post, leave
        self.title = label("feedback_title", "large")
        self.box = QLineEdit()
        self.box.setObjectName("feedback_box")
        self.box.setMaxLength(LONGEST)
        self.box.setPlaceholderText(self.tr("顾客说了什么,最多60个字,不写电话和姓名"))
        self.box.setAccessibleName(self.box.placeholderText())
        self.box.textChanged.connect(lambda text: self._count(text))
        self.left = label("feedback_left", "small", is_quiet=True)
        self._usual = QGridLayout()
        self._usual.setSpacing(8)
        send = button("feedback_post", self.tr("提交"), self.send, "pay", "Enter")
        back = button("feedback_back", self.tr("返回"), lambda: self._leave(), key="Esc")
        send.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        back.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        send.setMinimumSize(120, 60)
        head, line = QHBoxLayout(), QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(back)
        line.setSpacing(8)
        line.addWidget(self.box, 1)
        line.addWidget(send)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addLayout(head)
        layout.addLayout(line)
        layout.addWidget(self.left)
        layout.addWidget(label("feedback_usual", "small", is_quiet=True, text=self.tr("常用,一点就提交")))
        layout.addLayout(self._usual)
        layout.addStretch(1)

    def refresh(self) -> None:
        name, title = self._category()
        self.title.setText(self.tr("顾客反馈 · {category}").format(category=title))
        self.box.clear()
        self._count("")
        while (item := self._usual.takeAt(0)) is not None:
            if old := item.widget():
                old.hide()
                old.deleteLater()
        for n, text in enumerate(self._usual_words(name), 1):
            made = button(f"usual_{n}", text, partial(self._post, text), key=f"F{n}")
            self._usual.addWidget(made, (n - 1) // 2, (n - 1) % 2)
        self.box.setFocus()

    def _usual_words(self, name: str) -> list[str]:
        words = {
            "goods": [
                self.tr("想要的商品没有"),
                self.tr("商品缺货"),
                self.tr("味道或质量不好"),
                self.tr("希望有小份装"),
            ],
            "price": [self.tr("觉得贵"), self.tr("价签和收款不一致"), self.tr("线上更便宜"), self.tr("优惠看不懂")],
            "service": [self.tr("等得太久"), self.tr("服务很好"), self.tr("没有人招呼"), self.tr("想要送货")],
            "shop": [self.tr("店里太挤"), self.tr("找不到商品"), self.tr("温度不合适"), self.tr("卫生不好")],
        }
        return words.get(name, [self.tr("希望开门更早"), self.tr("希望有停车位"), self.tr("表扬"), self.tr("投诉")])

    def _count(self, text: str) -> None:
        self.left.setText(self.tr("还可以写 {count} 个字").format(count=LONGEST - len(text)))

    def send(self) -> None:
        self._post(self.box.text())

    def key(self, event: QKeyEvent) -> bool:
        """Whether the page took the key; what is written goes to the box before it comes here."""
        match event.key():
            case Qt.Key.Key_Escape:
                self._leave()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.send()
            case Qt.Key.Key_F1 | Qt.Key.Key_F2 | Qt.Key.Key_F3 | Qt.Key.Key_F4:
                n = event.key() - Qt.Key.Key_F1
                self._post(self._usual_words(self._category()[0])[n])
            case _:
                return False
        return True

"""Draws the pictures of resources/screenshots without a display: `make screenshots`.

Another picture is one more line in SCREENS: its name, and what the demo's hands do until it can be taken.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from posapp.clock import SystemClock
from posapp.demo.hands_screen import Hands, connect_printer, places
from posapp.demo.shop import standing
from posapp.demo.tray_screen import CardButton
from posapp.ui import theme
from tests.shop import play
from tests.ui.keys import KeyBoard, wait_until

FOLDER = Path(__file__).parents[1] / "resources" / "screenshots"
AREA = QRect(0, 0, 1920, 1080)


def tap(hands: Hands, *names: str) -> None:
    """Tap cards and wait until they are on the ticket and before the customer's eyes."""
    cards = {card.text(): card for card in hands.tray.findChildren(CardButton)}
    for name in names:
        before = hands.till.ticket()
        QTest.mouseClick(cards[name], Qt.MouseButton.LeftButton)
        wait_until(lambda before=before: hands.till.ticket() != before)  # type: ignore[misc]
    QApplication.processEvents()


def signed_in(hands: Hands) -> QWidget:
    """A cashier with an open shift, by the keys a visitor would type."""
    handle = hands.app.window.windowHandle()
    assert handle is not None
    keys = KeyBoard(handle)
    clerk = hands.staff()[0]
    for text, is_done in (
        (str(clerk.number), lambda: True),
        (clerk.pin, lambda: hands.till.clerk is not None),
        ("200", lambda: hands.till.shift is not None),
    ):
        keys.type(text, 150)
        # the wedge holds a key back for a moment
        wait_until(lambda text=text: str(getattr(hands.app.window.page, "question").text) == text)  # type: ignore[misc]  # noqa: B009
        keys.press(Qt.Key.Key_Return)
        wait_until(is_done)
    return hands.customer


def sold(hands: Hands) -> QWidget:
    """A first sale paid in cash, so that there is paper."""
    papers = hands.paper.roll.count
    tap(hands, "法式牛角包", "拿铁咖啡", "懒牛坡 鲜牛奶")
    play(hands.till, "pay cash 50")
    wait_until(lambda: hands.paper.roll.count > papers)
    wait_until(lambda: hands.paper.roll.property("out") == 1.0)
    QApplication.processEvents()
    return hands.customer


def selling(hands: Hands) -> QWidget:
    tap(hands, "法式牛角包", "法式牛角包", "海盐卷", "散装巨峰葡萄", "榆荫里 每日吐司（全麦）", "黑巧克力 72%")
    return hands.app.window


SCREENS: list[tuple[str, Callable[[Hands], QWidget]]] = [
    ("sign-in", lambda hands: hands.app.window),
    ("customer-idle", signed_in),
    ("customer-thanks", sold),
    ("paper", lambda hands: hands.paper),
    ("sale", selling),
    ("customer-ticket", lambda hands: hands.customer),
    ("tray", lambda hands: hands.tray),
    ("tour", lambda hands: hands.app.window),
]


def together(hands: Hands) -> QPixmap:
    """Every window at its place on one screen."""
    picture = QPixmap(AREA.size())
    picture.fill(QColor("#3a424d"))
    with QPainter(picture) as p:
        for name, place in places(AREA).items():
            p.drawPixmap(place.topLeft(), hands.windows[name].grab())
    return picture


def main() -> int:
    application = QApplication(sys.argv[:1])
    theme.dress(application, theme.LIGHT)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, standing(Path(folder)) as demo:
        papers = demo.folder / "paper"
        connect_printer(demo, papers)
        with contextlib.closing(demo.open(demo.shop.tills[0], SystemClock())) as till:
            till.sync()
            till.runner.start()
            hands = Hands(till, demo, papers)
            hands.show()
            hands.arrange(AREA)
            wait_until(hands.app.window.isVisible)
            for name, take in SCREENS:
                widget = take(hands)
                picture = together(hands) if name == "tour" else widget.grab()
                picture.save(str(FOLDER / f"{name}.png"))
                sys.stdout.write(f"{name}.png\n")
            hands.close()
    return 0


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.exit(main())

"""Draws the pictures of resources/screenshots without a display, in both languages: `make screenshots`.

The demo's hands go through a day in the shop; another picture is one more line in SCREENS at its hour of the day. The
customer's pages are drawn by Chromium, where there is one.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
from noto_cjk_sans_otc import FONT_PATH
from PIL import Image
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from posapp.board.board_screen import BoardScreen
from posapp.board.day import STORE
from posapp.clock import SystemClock
from posapp.demo import history
from posapp.demo.hands_screen import Hands, connect_printer, places
from posapp.demo.phone import Provider, hq_texting
from posapp.demo.phone_screen import code_on
from posapp.demo.shop import Clerk, ask_hq, lan_address, standing
from posapp.demo.tray_screen import CardButton
from posapp.rules.labels import check_digit
from posapp.ui import theme
from posapp.ui.language import speak
from tests.shop import play
from tests.stories.phone import Phone, browsing
from tests.told import tell
from tests.ui.keys import KeyBoard, wait_until

FOLDER = Path(__file__).parents[1] / "resources" / "screenshots"
LANGUAGES = ("zh", "en")
AREA = QRect(0, 0, 1920, 1080)
USUAL = QSize(1366, 768)
CUSTOMER = QSize(1024, 600)
DAYS = 9
BROWSERS_NUMBER = "154 0000 0104"


class Visitor:
    """Taps cards, touches buttons, types."""

    def __init__(self, hands: Hands) -> None:
        self.hands, self.app, self.till = hands, hands.app, hands.till
        self.window = hands.app.window
        handle = self.window.windowHandle()
        assert handle is not None
        self.keys = KeyBoard(handle)
        self.cashier, self.manager = self._clerk("cashier"), self._clerk("manager")
        self.told: tuple[str, list[str]] = ("", [])

    def _clerk(self, role: str) -> Clerk:
        return next(clerk for clerk in self.hands.staff() if clerk.role == role)

    def tap(self, *names: str) -> None:
        """Tap cards and wait until each is on the ticket."""
        cards = {card.text(): card for card in self.hands.tray.findChildren(CardButton)}
        for name in names:
            before = self.till.ticket()
            QTest.mouseClick(cards[name], Qt.MouseButton.LeftButton)
            wait_until(lambda before=before: self.till.ticket() != before)  # type: ignore[misc]

    def touch(self, *names: str) -> None:
        for name in names:
            QApplication.processEvents()
            (button,) = self._seen(name)
            QTest.mouseClick(button, Qt.MouseButton.LeftButton)
            QApplication.processEvents()

    def _seen(self, name: str) -> list[QPushButton]:
        return [made for made in self.window.findChildren(QPushButton, name) if made.isVisible()]

    def answer(self, text: str) -> None:
        """Touch the figures, and what confirms them."""
        self.touch(*(f"key_{figure}" for figure in text))
        self.keys.press(Qt.Key.Key_Return)
        QApplication.processEvents()

    def more(self, name: str) -> None:
        """One of the things behind the button More, on whichever of its pages."""
        self.touch("more")
        for _ in range(3):
            if not self._seen(name):
                self.touch("choice_more")
        self.touch(name)

    def wait_for_page(self, name: str) -> None:
        wait_until(lambda: self.window.page_name == name)

    # --- hours of the day ---

    def sign_in(self) -> None:
        self.answer(str(self.cashier.number))
        self.answer(self.cashier.pin)
        self.wait_for_page("open_shift")
        self.touch("key_2", "key_0", "key_0")

    def open_shift(self) -> None:
        self.keys.press(Qt.Key.Key_Return)
        self.wait_for_page("sale")

    def sell(self) -> None:
        self.tap("法式牛角包", "法式牛角包", "海盐卷", "散装巨峰葡萄", "榆荫里 每日吐司（全麦）", "黑巧克力 72%")
        self.touch("tab_3")  # has pictures

    def search(self) -> None:
        self.touch("search", "letter_n", "letter_i", "letter_u")

    def ask_approval(self) -> None:
        self.keys.press(Qt.Key.Key_Escape)
        self.touch("key_3", "key_0")
        self.app.sale.selling.write("%")
        self.touch("discount")

    def pay(self) -> None:
        self.keys.press(Qt.Key.Key_Escape)
        self.touch("to_pay", "key_1", "key_0", "key_0")

    def take_cash(self) -> None:
        papers = self.hands.paper.roll.count
        self.touch("pay_cash")
        wait_until(lambda: self.hands.paper.roll.count > papers)
        wait_until(lambda: self.hands.paper.roll.property("out") == 1.0)

    def begin_walk_in(self) -> None:
        self.keys.press(Qt.Key.Key_Escape)
        self.tap("拿铁咖啡", "法式牛角包", "厚切薯片 海盐味")
        wait_until(lambda: code_on(self.hands.customer) != "")

    def join(self) -> None:
        phone = self.hands.phone
        phone.walk()
        wait_until(lambda: self.till.guest() is not None and phone.fill.isEnabled(), 30)
        phone.look()

    def serve_member(self) -> None:
        play(self.till, "cancel")
        self.tap("拿铁咖啡", "沈知夏", "法式牛角包")

    # --- what HQ tells of customers ---

    def hint(self) -> None:
        guest = self.till.guest()
        assert guest
        lying = {line.code for line in self.till.ticket().lines}
        tiles = [tile for page in self.till.tiles() for tile in page.tiles if tile.price and tile.code not in lying]
        articles = [self.till.articles.find(tile.code, self.till.clock.now_ms()) for tile in tiles]
        self.told = (guest.ref, [one.id for one in articles if not one.is_weighed][:3])
        tell(self.till, *self.told)
        self.app.tasks.tell_news()  # what has come before is no news
        play(self.till, "arrive reception", "consent personal on", "cancel")  # this ticket has had HQ's own hint
        self.app.sale.refresh()
        self.tap("拿铁咖啡", "沈知夏", "法式牛角包")
        self.window.notice.hide()

    def member_card(self) -> None:
        tell(self.till, *self.told)  # HQ may have answered meanwhile
        self.touch("member", "more_member_card")

    def show_tasks(self) -> None:
        self.keys.press(Qt.Key.Key_Escape)
        self.wait_for_page("sale")
        self.app.tasks.menu()

    def list_of(self, name: str) -> None:
        self.show_tasks()
        self.touch(f"task_{name}")
        self.window.notice.hide()

    def write_feedback(self) -> None:
        self.show_tasks()
        self.touch("task_feedback", "feedback_goods")

    def core_customers(self) -> None:
        self.keys.press(Qt.Key.Key_Escape)
        play(self.till, f"sign-in {self.manager.number} {self.manager.pin}")
        self.list_of("regulars")

    def serve_waiting(self) -> None:
        """Back to the cashier, and whoever waited is served."""
        play(self.till, f"sign-in {self.cashier.number} {self.cashier.pin}", "serve")
        self.keys.press(Qt.Key.Key_Escape)
        self.wait_for_page("sale")
        self.open_more()

    def look_back(self) -> None:
        self.keys.press(Qt.Key.Key_Escape)
        for how in ("cash 20", "card 6.50 8831", "cash 6.50"):
            play(self.till, "scan 00101", f"pay {how}")
        for name, _, total in self.till.parked():
            play(self.till, f"recall {name}", f"pay cash {total}")
        self.touch("receipts")

    def recall(self) -> None:
        self.keys.press(Qt.Key.Key_Escape)
        for code in ("00101", "00103"):
            play(self.till, f"scan {code}", "park")
        self.touch("park")

    def cash_out(self) -> None:
        self.keys.press(Qt.Key.Key_Escape)
        self.more("more_cash_out")
        self.answer("100")

    def open_more(self) -> None:
        play(self.till, "cancel")
        self.touch("more")

    def show_receipt(self) -> None:
        newest = self.till.receipts_of_day(1)[0].receipt
        self.touch(f"receipt_{newest}")

    def void(self) -> None:
        self.touch("receipt_void")

    def leave(self, *, and_then: str) -> None:
        """Back to the ticket, and on to something behind More."""
        self.keys.press(Qt.Key.Key_Escape)
        self.wait_for_page("sale")
        self.more(and_then)

    def board(self) -> None:
        """The store manager looks."""
        self.keys.press(Qt.Key.Key_Escape)
        self.wait_for_page("sale")
        play(self.till, f"sign-in {self.manager.number} {self.manager.pin}")
        self.keys.press(Qt.Key.Key_PageUp)
        self.wait_for_page("board")
        board = self.window.page
        assert isinstance(board, BoardScreen)
        wait_until(lambda: board.shown is not None and board.shown.source == STORE, 30)
        self.touch("board_earlier")  # a whole day, whenever the pictures are drawn

    def my_page(self) -> None:
        self.keys.press(Qt.Key.Key_Escape)
        self.keys.press(Qt.Key.Key_Escape)
        self.wait_for_page("sale")
        play(self.till, f"sign-in {self.cashier.number} {self.cashier.pin}")
        self.keys.press(Qt.Key.Key_PageDown)
        self.wait_for_page("mine")

    def lock(self) -> None:
        self.keys.press(Qt.Key.Key_Escape)
        self.app.lock()

    def unlock(self) -> None:
        self.answer(self.cashier.pin)
        self.wait_for_page("sale")

    def devices(self) -> None:
        self.unlock()
        self.more("more_devices")

    def test_scanner(self) -> None:
        while self.window.page_name == "devices":
            self.keys.press(Qt.Key.Key_Escape)
        self.more("more_scanner")
        page = self.window.page
        for figures in ("690123456789", "220030100536"):
            code = figures + check_digit(figures)
            self.keys.scan(code)
            wait_until(lambda code=code: page.scans.texts[0].title == code)  # type: ignore[attr-defined,misc]

    def offline(self) -> None:
        self.hands.till.network(False)
        self.leave(and_then="more_capabilities")

    def train(self) -> None:
        self.till.network(True)
        self.leave(and_then="more_training")
        self.answer("200")
        self.tap("法式牛角包", "海盐卷")

    def count(self) -> None:
        self.touch("to_pay", "pay_cash")
        self.more("more_training")
        self.more("more_close_shift")
        for pieces in ("1", "", "2", "1", "3"):
            self.answer(pieces)

    def close_shift(self) -> None:
        self.touch("count_done")
        self.wait_for_page("slip")


@dataclass(frozen=True)
class Screen:
    """name: of the picture. page: of the window while it is taken. act: what is done before. of: the window in it."""

    name: str
    page: str
    act: Callable[[Visitor], object] = lambda visitor: None
    of: str = "till"
    size: QSize = USUAL
    colours: theme.Colours = theme.LIGHT
    letters: float = 1.0


SCREENS = [
    Screen("sign-in", "sign_in"),
    Screen("opening-float", "open_shift", Visitor.sign_in),
    Screen("sale-empty", "sale", Visitor.open_shift),
    Screen("customer-idle", "sale", of="customer"),
    Screen("sale", "sale", Visitor.sell),
    Screen("sale-1024", "sale", size=QSize(1024, 768)),
    Screen("sale-1920", "sale", size=QSize(1920, 1080)),
    Screen("sale-dark", "sale", colours=theme.DARK),
    Screen("sale-150", "sale", letters=1.5),
    Screen("customer-ticket", "sale", of="customer"),
    Screen("tray", "sale", of="tray"),
    Screen("search", "sale", Visitor.search),
    Screen("approval", "sale", Visitor.ask_approval),
    Screen("pay", "sale", Visitor.pay),
    Screen("customer-paying", "sale", of="customer"),
    Screen("change", "sale", Visitor.take_cash),
    Screen("customer-thanks", "sale", of="customer"),
    Screen("paper", "sale", of="paper"),
    Screen("customer-join", "sale", Visitor.begin_walk_in, of="customer"),
    Screen("phone", "sale", Visitor.join, of="phone"),
    Screen("customer-welcome", "sale", of="customer"),
    Screen("sale-member", "sale", Visitor.serve_member),
    Screen("customer-member", "sale", of="customer"),
    Screen("hint", "sale", Visitor.hint),
    Screen("hint-1024", "sale", size=QSize(1024, 768)),
    Screen("member-card", "member_card", Visitor.member_card),
    Screen("tasks", "sale", Visitor.show_tasks),
    Screen("visitors", "visitors", lambda visitor: visitor.list_of("visitors")),
    Screen("leads", "leads", lambda visitor: visitor.list_of("leads")),
    Screen("feedbacks", "feedbacks", lambda visitor: visitor.list_of("feedbacks")),
    Screen("feedback", "feedback", Visitor.write_feedback),
    Screen("regulars", "regulars", Visitor.core_customers),
    Screen("more", "sale", Visitor.serve_waiting),
    Screen("parked", "sale", Visitor.recall),
    Screen("cash-reasons", "sale", Visitor.cash_out),
    Screen("x-report", "sale", lambda visitor: visitor.leave(and_then="more_report_x")),
    Screen("receipts", "sale", Visitor.look_back),
    Screen("receipt", "sale", Visitor.show_receipt),
    Screen("void-reasons", "sale", Visitor.void),
    Screen("board", "board", Visitor.board),
    Screen("board-1024", "board", size=QSize(1024, 768)),
    Screen("board-dark", "board", colours=theme.DARK),
    Screen("board-funnel", "board", lambda visitor: visitor.touch("board_tab_4")),
    Screen("board-todos", "board", lambda visitor: visitor.touch("board_tab_6")),
    Screen("figure", "board", lambda visitor: visitor.touch("board_rate", "figure_beside")),
    Screen("mine", "mine", Visitor.my_page),
    Screen("locked", "locked", Visitor.lock),
    Screen("devices", "devices", Visitor.devices),
    Screen("device-form", "devices", lambda visitor: visitor.touch("device_add", "choice_take", "choice_take")),
    Screen("scanner", "scanner", Visitor.test_scanner),
    Screen("capabilities", "capabilities", Visitor.offline),
    Screen("receipt-preview", "receipt", lambda visitor: visitor.leave(and_then="more_receipt")),
    Screen("training", "sale", Visitor.train),
    Screen("counting", "close_shift", Visitor.count),
    Screen("z-slip", "slip", Visitor.close_shift),
]


def together(hands: Hands) -> QPixmap:
    """Every window at its place on one screen."""
    picture = QPixmap(AREA.size())
    picture.fill(QColor("#3a424d"))
    with QPainter(picture) as p:
        for name, place in places(AREA).items():
            hands.windows[name].resize(place.size())
            QApplication.processEvents()
            p.drawPixmap(place.topLeft(), hands.windows[name].grab())
    return picture


def draw(screen: Screen, visitor: Visitor) -> QPixmap:
    screen.act(visitor)
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    theme.dress(application, screen.colours, screen.letters)
    widget: QWidget = visitor.hands.windows[screen.of]
    sizes = {"till": screen.size, "customer": CUSTOMER}
    widget.resize(sizes.get(screen.of, widget.size()))
    visitor.app.show_status()
    QApplication.processEvents()
    assert visitor.window.page_name == screen.page, screen.name
    picture = widget.grab()
    theme.dress(application, theme.LIGHT)
    return picture


def keep(picture: QPixmap, file: Path) -> None:
    """As a PNG with a palette: a third of the size, and nobody sees it."""
    held = QByteArray()
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")
    with Image.open(io.BytesIO(held.data())) as image:
        few = image.convert("RGB").quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        few.save(file, optimize=True)


@contextlib.contextmanager
def fonts() -> Iterator[None]:
    """Chromium finds the till's own font, as a phone has one for Chinese."""
    with tempfile.TemporaryDirectory() as made:
        file = Path(made) / "fonts.conf"
        folders = f"<dir>{FONT_PATH.parent}</dir><cachedir>{made}</cachedir>"
        file.write_text(f'<?xml version="1.0"?><fontconfig>{folders}</fontconfig>', "utf-8")
        os.environ["FONTCONFIG_FILE"] = str(file)
        try:
            yield
        finally:
            del os.environ["FONTCONFIG_FILE"]


def draw_pages(visitor: Visitor, provider: Provider, folder: Path) -> None:
    """What the customer's own phone shows, from the code to the member's page; nothing without Chromium."""
    if not shutil.which("chromium"):
        return
    visitor.begin_walk_in()
    with fonts(), browsing() as browser:
        phone = Phone(browser, provider, BROWSERS_NUMBER)
        phone.scan(f"{code_on(visitor.hands.customer)}?l={visitor.till.settings.language}")
        phone.page.screenshot(path=folder / "page-join.png", full_page=True)
        phone.fill("江晚")
        phone.submit()
        wait_until(lambda: visitor.till.guest() is not None, 30)
        phone.page.screenshot(path=folder / "page-welcome.png", full_page=True)
        phone.page.click("a.button")
        phone.page.screenshot(path=folder / "page-member.png", full_page=True)
    play(visitor.till, "cancel")


def draw_stand(hq: Path, language: str, folder: Path) -> None:
    """A card for the counter."""
    link = str(ask_hq(hq, "code", "stand", "--store", "1", "--label", "counter")).strip()
    gift = "a hand cream sample" if language == "en" else "护手霜小样"
    with tempfile.TemporaryDirectory() as made:
        card = Path(made) / "stand.png"
        ask_hq(hq, "sheet", "stand", str(card), "--store", "1", "--code", link, "--gift", gift)
        with Image.open(card) as image:
            image.thumbnail((700, 1000))
            image.convert("RGB").quantize(64).save(folder / "stand.png", optimize=True)


def live(folder: Path) -> None:
    """So many days of the demo that a board has something to stand beside."""
    habits = msgspec.structs.replace(history.read_habits(), days=DAYS, quiet_days=0)
    with standing(folder, past=lambda demo: history.fill(demo, habits)):
        pass


def draw_all(language: str, folder: Path, lived: Path) -> None:
    """A day in a shop of that language, whose past is lived in a folder, into the other."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        standing(shutil.copytree(lived, Path(data) / "demo"), lan_address()) as demo,
        hq_texting(demo.hq) as provider,
    ):
        ask_hq(demo.hq, "set", "chain", "language", language)
        papers = demo.folder / "paper"
        connect_printer(demo, papers)
        with contextlib.closing(demo.open(demo.shop.tills[0], SystemClock())) as till:
            till.sync()
            till.runner.start()
            application = QApplication.instance()
            assert isinstance(application, QApplication)
            theme.dress(application, theme.LIGHT)
            speak(application, till.settings.language)
            hands = Hands(till, demo, papers, provider)
            hands.show()
            hands.arrange(AREA)
            wait_until(hands.app.window.isVisible)
            visitor = Visitor(hands)
            for screen in SCREENS:
                keep(draw(screen, visitor), folder / f"{screen.name}.png")
                sys.stdout.write(f"{language}/{screen.name}.png\n")
                if screen.name == "paper":
                    visitor.sell()
                    keep(together(hands), folder / "tour.png")
                    play(till, "cancel")
                    draw_pages(visitor, provider, folder)
                    draw_stand(demo.hq, language, folder)
            hands.close()


def main() -> int:
    made = QApplication(sys.argv[:1])
    with tempfile.TemporaryDirectory() as folder:
        lived = Path(folder) / "lived"
        live(lived)
        for language in LANGUAGES:
            draw_all(language, FOLDER / language, lived)
    made.quit()
    return 0


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.exit(main())

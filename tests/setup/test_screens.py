"""The capability panel, the scanners' test page and the receipt's preview, in a real window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from drivers.contracts import Document, Text
from posapp.settings import Settings
from posapp.setup.capabilities import capabilities
from posapp.setup.capabilities_screen import CapabilitiesScreen
from posapp.setup.receipt_screen import ReceiptScreen
from posapp.setup.scanner import Scanner, in_force
from posapp.setup.scanner_screen import ScannerScreen
from posapp.ui import theme
from tests.setup.test_capabilities import WELL
from tests.setup.window import Shown
from tests.ui.keys import wait_until

STORE = Settings({})


@pytest.fixture(autouse=True)
def dressed(qapp: QApplication) -> None:
    theme.dress(qapp, theme.LIGHT)


@pytest.fixture
def scanners(tmp_path: Path) -> Iterator[tuple[Shown, ScannerScreen]]:
    shown = Shown(lambda window: ScannerScreen(window, tmp_path, lambda: STORE, lambda: "en", lambda: None))
    assert isinstance(shown.screen, ScannerScreen)
    yield shown, shown.screen
    shown.close()


def test_a_scan_on_the_test_page_is_told_and_sold_to_nobody(scanners: tuple[Shown, ScannerScreen]) -> None:
    shown, page = scanners
    sold: list[str] = []
    shown.window.scanned = sold.append
    shown.keys.scan("6901234567892", gap_ms=7)
    (row,) = page.scans.texts
    assert (row.title, row.tone) == ("6901234567892", "good")
    assert "EAN-13 article code" in row.text
    assert "7 毫秒" in row.text
    page.hide()
    shown.keys.scan("6901234567892")
    assert sold == ["6901234567892"]


def test_a_slow_scanner_is_heard_after_one_key(scanners: tuple[Shown, ScannerScreen], tmp_path: Path) -> None:
    shown, page = scanners
    shown.keys.wait(500)
    for letter in "6901234567892":
        shown.keys.type(letter, gap_ms=60)
    shown.press(Qt.Key.Key_Return)
    wait_until(lambda: len(page.scans.texts) == 1)
    assert [row.tone for row in page.scans.texts] == ["caution"]
    shown.press(Qt.Key.Key_F9)
    assert in_force(tmp_path, STORE) == Scanner("", "either", 90)
    shown.keys.scan("6901234567892", gap_ms=60)
    assert [row.tone for row in page.scans.texts] == ["good", "caution"]


def test_a_prefix_is_set_by_fingers_and_taken_back(scanners: tuple[Shown, ScannerScreen], tmp_path: Path) -> None:
    shown, page = scanners
    shown.tap("scanner_settings")
    shown.tap("letter_@")
    shown.tap("suffix_tab")
    shown.tap("scanner_save")
    assert in_force(tmp_path, STORE) == Scanner("@", "tab", 35)
    shown.keys.scan("@6901234567892", end=Qt.Key.Key_Tab)
    assert page.scans.texts[0].title == "6901234567892"
    shown.tap("scanner_settings")
    shown.tap("scanner_stores")
    assert in_force(tmp_path, STORE) == Scanner()


def test_the_panel_groups_what_lacks_works_and_is_not_opened(qapp: QApplication) -> None:
    shown = Shown(lambda window: CapabilitiesScreen(lambda: capabilities(WELL), lambda: "en", lambda: None))
    page = shown.screen
    assert isinstance(page, CapabilitiesScreen)
    assert [row.title for row in page.lacking.texts] == ["Bank card", "The shop's payment code"]
    assert [row.title for row in page.closed.texts] == ["Scanned pay codes", "Members", "Coupons", "Pick-ups"]
    assert all(row.word for row in page.lacking.texts + page.working.texts)
    shown.close()


def test_a_template_is_seen_at_once_and_only_when_it_can_be(qapp: QApplication) -> None:
    printed: list[Document] = []
    values = {"store_name": "柳塘店"}
    shown = Shown(
        lambda w: ReceiptScreen(lambda: dict(values), lambda: None, printed.append, lambda: "en", lambda: None)
    )
    page = shown.screen
    assert isinstance(page, ReceiptScreen)
    wide = page.paper.pixmap().width()
    shown.press(Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Right)  # from the first empty field to the paper
    assert page.paper.pixmap().width() < wide
    shown.press(Qt.Key.Key_Down)
    shown.type("X")
    assert Text("柳塘店X", "centre", is_bold=True, size=2) in page.shown
    before = page.shown
    shown.press(*[Qt.Key.Key_Down] * 3)
    shown.type("join")
    assert page.shown == before
    assert list(page.form.complaints) == ["receipt_qr"]
    shown.press(*[Qt.Key.Key_Backspace] * 4)
    shown.press(Qt.Key.Key_F8)
    assert printed[0][0] == Text("样张", "centre", is_bold=True, size=2)
    shown.close()

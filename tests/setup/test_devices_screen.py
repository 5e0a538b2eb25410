"""Devices are added, changed, tried and removed by keys alone and by fingers alone, while the till runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QPushButton, QWidget

from drivers.contracts import Reason, Text
from drivers.printers.virtual import jam, printed
from posapp import devices
from posapp.errors import PosError
from posapp.setup.bench import KINDS, Bench
from posapp.setup.devices_screen import DevicesScreen
from posapp.ui import theme
from posapp.ui.window import Window
from tests.setup.window import Shown
from tests.ui.keys import wait_until

ENTER, DOWN, UP, ESCAPE = Qt.Key.Key_Return, Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Escape
BACK, RIGHT = Qt.Key.Key_Backspace, Qt.Key.Key_Right


class Workshop(Shown):
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "devices.json"
        self.used = devices.Devices(folder / "spool", {}, pauses_s=(0.01,))
        self.bench = Bench(self.used, self.file)
        self.left = 0
        super().__init__(self._make)

    def _make(self, window: Window) -> QWidget:
        self.page = DevicesScreen(window, self.bench, lambda: "zh", self._leave)
        return self.page

    def _leave(self) -> None:
        self.left += 1

    @property
    def saved(self) -> dict[str, Any]:
        return msgspec.json.decode(self.file.read_bytes()) if self.file.exists() else {}

    @property
    def shown(self) -> list[tuple[str, str]]:
        return [(row.title.split(" ")[0], row.word) for row in self.page.rows.texts]

    def add_virtual(self, name: str = "receipt", paper: str = "paper") -> Path:
        self.bench.put(name, "printer", "virtual", {"folder": str(self.folder / paper)})
        self.page.refresh()
        return self.folder / paper

    def put_in(self, field: str, text: str) -> None:
        """Type into a field by keys, in place of what stands there."""
        while self.page.form.texts.keys() and list(self.page.form.texts)[self.page.form.current] != field:
            self.press(DOWN)
        self.press(*[BACK] * len(self.page.form.texts[field]))
        self.type(text)
        wait_until(lambda: self.page.form.texts[field] == text)


@pytest.fixture
def shop(tmp_path: Path, qapp: QApplication) -> Iterator[Workshop]:
    theme.dress(qapp, theme.LIGHT)
    made = Workshop(tmp_path)
    yield made
    made.close()
    made.used.close()


def test_a_printer_is_added_by_keys_alone_and_prints_at_once(shop: Workshop) -> None:
    paper = shop.folder / "p-1"
    shop.press(Qt.Key.Key_F3, ENTER)
    virtual = [name for name, *_ in shop.bench.offers("printer")].index("virtual") + 1
    shop.type(str(virtual))
    assert shop.page.form.texts["name_in_shop"] == "receipt"
    shop.put_in("folder", str(paper))
    shop.press(DOWN, RIGHT)
    assert shop.page.form.texts["paper"] == "58"
    shop.press(Qt.Key.Key_F10)
    saved = shop.saved["receipt"]
    assert (saved["driver"], saved["kind"]) == ("virtual", "printer")
    assert {name: saved["options"][name] for name in ("folder", "paper")} == {"folder": str(paper), "paper": 58}
    assert shop.used.receipt
    shop.used.receipt.print((Text("你好"),), "1")
    wait_until(lambda: len(printed(paper)) == 1)
    wait_until(lambda: shop.shown == [("receipt", "正常")])


def test_a_printer_is_added_by_fingers_alone(shop: Workshop) -> None:
    shop.tap("device_add")
    shop.tap("choices_0")
    shop.tap("choices_0")
    assert "host" in shop.page.form.texts
    for letter in "10.0.0.7":
        shop.tap(f"letter_{letter}")
    shop.tap("mode_text")
    shop.tap("cutter_false")
    shop.tap("field_port")
    for _ in range(4):
        shop.tap("letter_erase")
    for letter in "9200":
        shop.tap(f"letter_{letter}")
    shop.tap("form_save")
    options = shop.saved["receipt"]["options"]
    assert {name: options[name] for name in ("host", "mode", "cutter", "port")} == {
        "host": "10.0.0.7",
        "mode": "text",
        "cutter": False,
        "port": 9200,
    }


def test_nothing_is_saved_until_it_is_right(shop: Workshop) -> None:
    shop.press(Qt.Key.Key_F3, ENTER, ENTER)
    shop.press(Qt.Key.Key_F10)
    assert list(shop.page.form.complaints) == ["host"]
    shop.put_in("port", "910x")
    shop.press(Qt.Key.Key_F10)
    assert list(shop.page.form.complaints) == ["host", "port"]
    shop.put_in("host", "10.0.0.7")
    shop.put_in("port", "９１００")
    shop.put_in("answer_s", "soon")
    shop.press(Qt.Key.Key_F10)
    assert list(shop.page.form.complaints) == ["answer_s"]
    shop.put_in("answer_s", "2.5")
    shop.put_in("name_in_shop", "a b/c")
    shop.press(Qt.Key.Key_F10)
    assert "a b/c" in shop.window.notice.text()
    assert (shop.saved, shop.used.configured()) == ({}, {})
    shop.put_in("name_in_shop", "receipt")
    shop.press(Qt.Key.Key_F10)
    assert shop.saved["receipt"]["options"]["answer_s"] == 2.5
    assert shop.saved["receipt"]["options"]["port"] == 9100


def test_a_device_is_changed_and_renamed_in_its_place(shop: Workshop) -> None:
    shop.add_virtual()
    shop.add_virtual("kitchen")
    shop.press(UP, UP, ENTER)
    assert shop.page.form.texts["folder"] == str(shop.folder / "paper")
    shop.put_in("name_in_shop", "kitchen")
    shop.press(Qt.Key.Key_F10)
    assert "kitchen" in shop.window.notice.text()
    shop.put_in("name_in_shop", "counter")
    shop.press(Qt.Key.Key_F10)
    assert list(shop.saved) == ["counter", "kitchen"]
    assert set(shop.used.configured()) == {"counter", "kitchen"}


def test_a_device_is_removed_only_when_asked_twice(shop: Workshop) -> None:
    shop.add_virtual()
    shop.add_virtual("kitchen")
    shop.tap("device_remove")
    shop.tap("devices_1")
    shop.tap("device_remove")
    assert len(shop.saved) == 2
    shop.tap("device_remove")
    assert list(shop.saved) == ["receipt"]
    assert list(shop.used.configured()) == ["receipt"]


def test_a_test_says_how_it_went(shop: Workshop) -> None:
    paper = shop.add_virtual()
    shop.press(Qt.Key.Key_F8)
    wait_until(lambda: "测试页已打印" in shop.page.outcome.text())
    assert len(printed(paper)) == 1
    jam(paper, Reason.NO_PAPER)
    shop.tap("device_test")
    wait_until(lambda: "缺纸" in shop.page.outcome.text())
    assert shop.page.outcome.property("tone") == "warning"


def test_a_form_is_tried_before_it_is_saved(shop: Workshop) -> None:
    shop.press(Qt.Key.Key_F3, ENTER)
    shop.type(str([name for name, *_ in shop.bench.offers("printer")].index("virtual") + 1))
    shop.put_in("folder", str(shop.folder / "trial"))
    shop.press(Qt.Key.Key_F8)
    wait_until(lambda: "测试页已打印" in shop.page.outcome.text())
    assert len(printed(shop.folder / "trial")) == 1
    assert shop.saved == {}


def test_a_test_whose_screen_was_left_tells_nobody(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.add_virtual()
    told, go_on = threading.Event(), threading.Event()

    def slow(name: str, done: Any) -> None:
        def work() -> None:
            go_on.wait(10)
            done(devices.Tried(None))
            told.set()

        threading.Thread(target=work).start()

    monkeypatch.setattr(shop.bench, "test", slow)
    shop.press(Qt.Key.Key_F8, Qt.Key.Key_F3)
    go_on.set()
    wait_until(told.is_set)
    QApplication.processEvents()
    assert shop.page.outcome.text() == ""


def test_trouble_is_told_in_words_and_goes_by_itself(shop: Workshop) -> None:
    paper = shop.add_virtual()
    jam(paper, Reason.COVER_OPEN)
    assert shop.used.receipt
    shop.used.receipt.wake()
    wait_until(lambda: shop.shown == [("receipt", "有问题")])
    assert "盖子没有合上" in shop.page.rows.texts[0].text
    jam(paper, None)
    wait_until(lambda: shop.shown == [("receipt", "正常")])


def test_every_kind_and_driver_has_its_form(shop: Workshop) -> None:
    for place, kind in enumerate(KINDS, 1):
        for n, name in enumerate(devices.DRIVERS[kind]):
            shop.press(Qt.Key.Key_F3)
            shop.type(str(place))
            assert len(shop.page.choices.texts) == len(devices.DRIVERS[kind])
            shop.page._take_choice(n)
            asked = {option.name for option in devices.describe(kind, name).options}
            assert set(shop.page.form.texts) == asked | {"name_in_shop"}
            shop.press(ESCAPE, ESCAPE, ESCAPE)
    assert shop.left == 0
    shop.press(ESCAPE)
    assert shop.left == 1


def test_a_scan_on_the_form_is_no_typing(shop: Workshop) -> None:
    heard: list[str] = []
    shop.window.scanned = heard.append
    shop.press(Qt.Key.Key_F3, ENTER, ENTER)
    before = shop.page.form.texts
    shop.keys.scan("6900000000011")
    assert heard == ["6900000000011"]
    assert shop.page.form.texts == before
    assert not shop.window.findChildren(QLineEdit) + shop.window.findChildren(QPlainTextEdit)


def test_every_button_is_large_enough_for_a_finger_and_has_a_name(shop: Workshop) -> None:
    shop.add_virtual()
    shop.tap("device_add")
    shop.tap("choices_0")
    shop.tap("choices_0")
    for made in shop.window.findChildren(QPushButton):
        assert made.accessibleName(), made.objectName()
        assert made.focusPolicy() == Qt.FocusPolicy.NoFocus
        if made.isVisible():
            assert made.height() >= 40, made.objectName()


@pytest.mark.parametrize(
    "options",
    [{}, {"folder": 7}, {"folder": "x", "paper": 57}, {"folder": "x", "paper": "58"}, {"folder": "x", "a": 1}],
)
def test_options_no_driver_takes_are_refused_and_change_nothing(shop: Workshop, options: dict[str, Any]) -> None:
    shop.add_virtual()
    before = shop.saved
    with pytest.raises(PosError, match="bad_option"):
        shop.bench.put("kitchen", "printer", "virtual", options)
    assert shop.saved == before


def test_a_file_that_cannot_be_written_changes_nothing(shop: Workshop) -> None:
    shop.add_virtual()
    shop.file.with_suffix(".new").mkdir()
    with pytest.raises(PosError, match="cannot_write"):
        shop.bench.remove("receipt")
    assert list(shop.used.configured()) == ["receipt"]

"""What a customer types and ticks at the customer display: by real touches, at every size, and nothing of it stays."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from posapp.ui import theme
from posapp.ui.customer import CustomerDisplay, LineText, PaidText, TicketText
from posapp.ui.customer_form import FormText, TickText, grouped
from posapp.ui.language import speak
from tests.ui.keys import KeyBoard, wait_until

PHONE = "13812345678"
TERMS = "我已阅读并同意《会员服务协议》和《隐私政策》:只收集手机号,用于识别会员身份、积分与优惠,可随时查询、更正、删除"
JOIN = FormText(
    "手机号入会",
    (
        TickText("terms", TERMS, is_required=True),
        TickText("marketing", "我愿意接收短信优惠信息,每月不超过4条,回复 T 即可退订;不勾选不影响入会。"),
        TickText("age", "我已满14周岁", is_required=True),
    ),
    "手机号仅用于识别会员",
    "谢谢!请留意短信验证码",
)
LONG = FormText("手机号入会" * 9, tuple(TickText(f"{n}", TERMS * 2, is_required=True) for n in range(3)), TERMS, TERMS)
ENGLISH = FormText("Join with your phone", tuple(TickText(f"{n}", "I have read and agree " * 8) for n in range(3)))
CONSENTS = FormText(
    "消息偏好",
    (TickText("marketing", "短信优惠信息", is_on=True), TickText("personal", "个性化推荐")),
    asks_phone=False,
)
FORMS = {"join": JOIN, "long": LONG, "english": ENGLISH, "consents": CONSENTS}
SIZES = [(800, 480), (1024, 600), (1024, 768), (1366, 768), (1920, 1080), (1080, 1920), (3840, 2160)]
TICKET = TicketText((LineText("牛角包", "2 × ¥6.50", "¥13.00"),), "¥13.00", "共 2 件")


class Guest:
    """Stands before the display and touches it where something is seen."""

    def __init__(self, display: CustomerDisplay) -> None:
        self.display = display
        self.answers: list[tuple[str, dict[str, bool]]] = []
        self.refusal = ""
        self.cancelled = 0

    def is_asked(self, text: FormText = JOIN) -> None:
        self.display.show_form(text, self._done, self._cancel)

    def _done(self, phone: str, ticks: dict[str, bool]) -> str:
        self.answers.append((phone, ticks))
        return self.refusal

    def _cancel(self) -> None:
        self.cancelled += 1

    def touch(self, made: QWidget, where: QPoint | None = None) -> None:
        """Press and release at a place of the window, as the system tells it: whatever lies there on top gets it."""
        at = made.mapTo(self.display, where or made.rect().center())
        hit = self.display.childAt(at)
        assert hit is made, f"{hit} lies over {made}"
        QTest.mouseClick(hit, Qt.MouseButton.LeftButton, pos=hit.mapFrom(self.display, at))

    def types(self, digits: str) -> None:
        for digit in digits:
            self.touch(self.display.form.keys[int(digit)])

    def ticks(self, *keys: str) -> None:
        for tick in self.display.form.ticks:
            if tick.tick.key in keys:
                self.touch(tick)

    def confirms(self) -> None:
        self.touch(self.display.form.confirm_button)

    def looks(self) -> QImage:
        return self.display.grab().toImage()

    @property
    def reads(self) -> list[str]:
        self.looks()
        parts = [self.display.form, *painted(self.display)] if self.display.form.is_open else []
        return [drawn.text for part in (self.display, *parts) for drawn in part.drawn]  # type: ignore[attr-defined]


def painted(display: CustomerDisplay) -> list[QWidget]:
    return [made for made in display.form.findChildren(QWidget) if made.isVisibleTo(display)]


@pytest.fixture
def cashier(qapp: QApplication) -> Iterator[QLineEdit]:
    theme.dress(qapp, theme.LIGHT, 1.5)  # letters of the till are not those of the display
    window = QLineEdit()
    window.show()
    yield window
    window.close()
    theme.dress(qapp, theme.LIGHT)


@pytest.fixture
def guest(cashier: QLineEdit) -> Iterator[Guest]:
    display = CustomerDisplay(cashier, "榆荫里面包美妆（柳塘店）")
    display.show_ticket(TICKET)
    yield Guest(display)
    display.close()
    display.deleteLater()


@pytest.mark.parametrize("size", SIZES)
def test_a_guest_types_ticks_and_is_thanked(guest: Guest, size: tuple[int, int]) -> None:
    guest.display.resize(*size)
    guest.is_asked()
    assert not any(tick.isChecked() for tick in guest.display.form.ticks)
    guest.types("1381")
    assert "138 1___ ____" in guest.reads
    guest.types("2345678999")
    assert "138 1234 5678" in guest.reads
    guest.ticks("terms", "age")
    guest.confirms()
    assert guest.answers == [(PHONE, {"terms": True, "marketing": False, "age": True})]
    assert "谢谢!请留意短信验证码" in guest.reads
    assert {"合计", "¥13.00"} <= set(guest.reads)
    assert not digits_of(guest)


def digits_of(guest: Guest) -> list[str]:
    """The texts in sight that hold some of the number, and what assistive technology is told of it."""
    told = [guest.display.accessibleDescription(), guest.display.form.accessibleDescription()]
    held = [*guest.reads, *told, *(value for value in vars(guest.display.form).values() if isinstance(value, str))]
    return [text for text in held if any(part in text for part in ("138", "1234", "5678"))]


def test_the_pad_takes_back_and_clears(guest: Guest) -> None:
    guest.is_asked()
    guest.types("139")
    guest.touch(guest.display.form.back_key)
    guest.types("8")
    assert "138 ____ ____" in guest.reads
    guest.touch(guest.display.form.clear_key)
    assert "请输入手机号" in guest.reads


def test_nothing_is_sent_before_the_number_is_whole_and_what_is_required_is_ticked(guest: Guest) -> None:
    guest.is_asked()
    guest.ticks("terms", "age")
    guest.types(PHONE[:10])
    guest.confirms()
    assert "请输入 11 位手机号" in guest.reads
    guest.types(PHONE[10:])
    assert "请输入 11 位手机号" not in guest.reads
    guest.ticks("age")
    guest.confirms()
    assert "请先勾选必选项" in guest.reads
    assert guest.answers == []
    guest.ticks("age")
    guest.confirms()
    assert len(guest.answers) == 1


def test_what_is_optional_may_be_ticked_and_unticked(guest: Guest) -> None:
    guest.is_asked()
    guest.types(PHONE)
    guest.ticks("terms", "marketing", "age")
    guest.confirms()
    guest.is_asked()
    guest.types(PHONE)
    guest.ticks("terms", "marketing", "age")
    guest.ticks("marketing")
    guest.confirms()
    assert [ticks["marketing"] for _, ticks in guest.answers] == [True, False]


def test_a_refusal_is_read_and_the_number_stays_to_be_mended(guest: Guest) -> None:
    guest.refusal = "这个号码不能入会"
    guest.is_asked()
    guest.types(PHONE)
    guest.ticks("terms", "age")
    guest.confirms()
    assert {"这个号码不能入会", "138 1234 5678"} <= set(guest.reads)
    guest.refusal = ""
    guest.touch(guest.display.form.back_key)
    guest.types("9")
    guest.confirms()
    assert guest.answers[-1][0] == "13812345679"


def test_the_guest_cancels(guest: Guest) -> None:
    guest.is_asked()
    guest.types(PHONE)
    guest.touch(guest.display.form.cancel_button)
    assert (guest.cancelled, guest.answers) == (1, [])
    assert not guest.display.form.is_open
    assert "牛角包" in guest.reads
    assert not digits_of(guest)


def test_the_cashier_closes_it_and_nobody_is_called(guest: Guest) -> None:
    guest.is_asked()
    guest.types(PHONE)
    guest.display.close_form()
    assert (guest.cancelled, guest.answers) == (0, [])
    assert "牛角包" in guest.reads
    assert not digits_of(guest)
    guest.is_asked()
    assert "请输入手机号" in guest.reads


def test_nobody_there_clears_the_number_and_then_closes(guest: Guest) -> None:
    guest.is_asked()
    assert guest.display.form._idle.interval() == 60_000
    guest.display.form._idle.setInterval(30)
    guest.types(PHONE)
    guest.ticks("marketing")
    wait_until(lambda: "太久没有操作,已清空" in guest.reads)
    assert not digits_of(guest)
    assert not any(tick.isChecked() for tick in guest.display.form.ticks)
    wait_until(lambda: guest.cancelled == 1)
    assert not guest.display.form.is_open
    assert guest.answers == []


def test_a_touch_keeps_the_form(guest: Guest) -> None:
    """Every touch begins the minute anew."""
    guest.is_asked()
    timer = guest.display.form._idle
    for key in (guest.display.form.keys[1], guest.display.form.ticks[0], guest.display.form.confirm_button):
        timer.stop()
        guest.touch(key)
        assert timer.isActive()


def test_the_thanks_go_by_themselves_or_by_a_touch(guest: Guest) -> None:
    for is_touched in (False, True):
        guest.display.form._thanked.setInterval(1_000_000 if is_touched else 20)
        text = FormText("", (), thanks="好", asks_phone=False)
        guest.is_asked(text)
        guest.confirms()
        if is_touched:
            assert "好" in guest.reads
            guest.touch(guest.display.form)
        wait_until(lambda: not guest.display.form.is_open)
        assert guest.cancelled == 0


def test_a_display_that_is_closed_forgets(guest: Guest) -> None:
    guest.is_asked()
    guest.types(PHONE)
    guest.display.close()
    assert not digits_of(guest)


def test_consents_are_shown_as_they_are_and_taken_back_by_one_touch(guest: Guest) -> None:
    guest.is_asked(CONSENTS)
    assert not guest.display.form.keys[1].isVisibleTo(guest.display)
    guest.ticks("marketing")
    guest.confirms()
    assert guest.answers == [("", {"marketing": False, "personal": False})]
    assert not guest.display.form.is_open  # no thanks were asked for


def test_scanning_goes_on_and_the_total_is_seen(guest: Guest, cashier: QLineEdit) -> None:
    cashier.activateWindow()
    wait_until(lambda: QApplication.activeWindow() is cashier)
    guest.display.open()
    guest.is_asked()
    wait_until(guest.display.isVisible)
    guest.types("138")
    guest.ticks("terms")
    assert QApplication.activeWindow() is cashier
    assert QApplication.focusWidget() is cashier
    focused = QGuiApplication.focusWindow()
    assert focused is not None
    KeyBoard(focused).type("690", 5)
    assert cashier.text() == "690"
    guest.display.show_ticket(TicketText(TICKET.lines * 2, "¥26.00", "共 4 件"))
    assert {"共 4 件", "合计", "¥26.00", "138 ____ ____"} <= set(guest.reads)
    guest.display.show_paid(PaidText("¥26.00", "¥50.00", "¥24.00"))
    assert {"谢谢惠顾", "找零", "¥24.00", "138 ____ ____"} <= set(guest.reads)
    guest.display.show_idle()
    assert {"欢迎光临", "138 ____ ____"} <= set(guest.reads)
    takers = [made for made in guest.display.findChildren(QWidget) if made.focusPolicy() != Qt.FocusPolicy.NoFocus]
    assert takers == []


@pytest.mark.parametrize(("size", "name"), list(itertools.product(SIZES, FORMS)))
@pytest.mark.parametrize("is_training", [False, True])
def test_nothing_is_cut_or_lies_over_another(guest: Guest, size: tuple[int, int], name: str, is_training: bool) -> None:
    display = guest.display
    display.show_training(is_training)
    display.resize(*size)
    display.colours = theme.DARK if is_training else theme.LIGHT
    guest.is_asked(FORMS[name])
    if FORMS[name].asks_phone:
        guest.types(PHONE)
    guest.looks()
    unit = display.form.unit
    for part in (display, display.form, *painted(display)):
        whole = QRectF(0, 0, part.width() / unit, part.height() / unit)
        for drawn in part.drawn:  # type: ignore[attr-defined]
            assert whole.adjusted(-1, -1, 1, 1).contains(drawn.place), drawn
            assert drawn.ink.left() >= drawn.place.left() - 1, drawn
            assert drawn.ink.right() <= drawn.place.right() + 1, drawn
    for one, other in itertools.combinations(painted(display), 2):
        assert not one.geometry().intersects(other.geometry()), (one, other)
    for tick in display.form.ticks:
        assert display.form.rect().contains(tick.geometry())
        told = "".join(drawn.text for drawn in tick.drawn[1:])  # what stands before it says whether it is required
        assert told.replace(" ", "") == tick.tick.text.replace(" ", "")
        assert tick.height() >= 44 * unit
    for key in display.form.keys if FORMS[name].asks_phone else []:
        assert min(key.width(), key.height()) >= 60 * unit
    texts = {drawn.text for drawn in display.form.drawn}
    assert ("138 1234 5678" in texts) == FORMS[name].asks_phone


def test_the_form_speaks_english(guest: Guest, qapp: QApplication) -> None:
    speak(qapp, "en")
    guest.is_asked(ENGLISH)
    guest.confirms()
    assert {"Confirm", "Cancel", "Clear", "optional", "Your phone number"} <= set(guest.reads)
    said = "".join(text for text in guest.reads if "柳塘" not in text and "件" not in text)
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in said), said
    speak(qapp, "zh")


@pytest.mark.parametrize(("typed", "shown"), [("", "___ ____ ____"), ("1", "1__ ____ ____"), (PHONE, "138 1234 5678")])
def test_a_number_stands_in_groups(typed: str, shown: str) -> None:
    assert grouped(typed) == shown

"""The till by window: till/ plus Qt. Puts the screens in front of each other as the till's state wants."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QCoreApplication, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QWidget

from drivers.contracts import Document, Shown
from posapp.answers import ClerkView, OpenTicket, PaidView, ShiftView, StatusView
from posapp.board.day import BoardView
from posapp.board.export import BoardFile
from posapp.clock import MINUTE
from posapp.devices import DEVICES_FILE, REASONS
from posapp.errors import PosError
from posapp.members.addon_screen import AddonStrip
from posapp.members.card_screen import MemberCard
from posapp.members.desk_screen import MemberDesk
from posapp.members.hint_screen import HintStrip
from posapp.members.tasks_screen import TaskDesk
from posapp.money import Money
from posapp.rules.codes import kind_of
from posapp.selling.facing_screen import Facing
from posapp.selling.papers_screen import PaperDesk
from posapp.selling.screen import SaleScreen
from posapp.settings import Settings
from posapp.setup.key_card import key_card
from posapp.setup.scanner import in_force
from posapp.shift.count_screen import CountScreen
from posapp.shift.screen import DoorScreen, SlipScreen
from posapp.shortcuts import ACTIONS, keys_of
from posapp.till import Till
from posapp.ui import theme
from posapp.ui.choice import Option
from posapp.ui.customer import CustomerDisplay, Poster
from posapp.ui.label import tell
from posapp.ui.language import speak
from posapp.ui.question import Step
from posapp.ui.window import Page, Window

if TYPE_CHECKING:
    from posapp.board.board_screen import BoardScreen
    from posapp.setup.scanner_screen import ScannerScreen

STATUS_MS = 1_000

_LISTS = frozenset({"mine", "visitors", "leads", "regulars", "feedbacks"})
"""Pages that an action of the same name shows."""
FIGURES = ("board", "mine")
"""Pages that follow HQ's news while somebody looks at them."""


def _tr(text: str) -> str:
    return QCoreApplication.translate("", text)  # where lupdate files what stands in no QObject


class _Codes(QObject):
    """Brings codes from scanners' threads, and HQ's news from the sync thread, to the window's."""

    came = Signal(str)
    news = Signal()


class App:
    """A till's window and its screens: sign in, open a shift, sell, lock, close the shift. hint: a line for whoever
    signs in."""

    def __init__(self, till: Till, hint: str = "") -> None:
        self.till = till
        self._facing: Facing | None = None
        self._is_locked = False
        self._met = ""
        self._minute = 0
        self._settings: Settings | None = None
        self._scanner: ScannerScreen | None = None
        self.window = Window(
            f"posapp {till.name}",
            lambda error: error.sentence(till.settings.language),
            _tr("程序出错了,刚才的操作没有完成;当前单据已保存,可以继续"),
        )
        number, pin = Step(_tr("工号,或扫工牌")), Step(_tr("密码"), is_secret=True)
        self.sign_in = DoorScreen("sign_in", _tr("登录"), [number, pin], self._sign_in, self._start_over, hint)
        self.locked = DoorScreen(
            "locked", _tr("已锁屏"), [Step(_tr("密码,或扫工牌"), is_secret=True)], self._unlock, self._change_clerk
        )
        self.open_shift = DoorScreen(
            "open_shift", _tr("开班"), [Step(_tr("备用金"))], self._open_shift, self._give_up_shift
        )
        self.close_shift = CountScreen(till.settings.denominations, self._close_shift, self._go_on)
        self.slip = SlipScreen(self._go_on)
        keys = keys_of(till.settings.key_profile, till.settings.keys)
        card = MemberCard(
            lambda: till.settings,
            till.clock.now_ms,
            lambda: self.sale.act("member"),
            keys.get("member", ""),
            HintStrip(lambda action: self.sale.act(action), keys),
            AddonStrip(till.addons, lambda code: self.sale.add(code)),
        )
        self.sale = SaleScreen(self.window, till, self._lead, self._more, self._ticket_changed, card)
        self.papers = PaperDesk(self.window, till, self.sale)
        self.sale.refunded = self.papers.voided
        self.sale.answered = self._lent
        self._ask_approval, self.window.wants_approval = self.window.wants_approval, self._wants_approval
        self.members = MemberDesk(self.window, till, self.sale, lambda: self._facing)
        self.tasks = TaskDesk(self.window, till, self.sale, self._lead)
        self.window.clock.clicked.connect(lambda: self.tasks.serve())
        pages: dict[str, Page] = {
            "sign_in": self.sign_in,
            "locked": self.locked,
            "open_shift": self.open_shift,
            "close_shift": self.close_shift,
            "slip": self.slip,
            "sale": self.sale,
        }
        for name, page in pages.items():
            self._add(name, page)
        self.window.scanned = self._scanned
        self._codes = _Codes(self.window)
        self._codes.came.connect(self._serial_scan, Qt.ConnectionType.QueuedConnection)
        till.devices.on_scan = self._codes.came.emit
        self._codes.news.connect(self._news, Qt.ConnectionType.QueuedConnection)
        till.on_news = self._codes.news.emit
        self._timer = QTimer(self.window, interval=STATUS_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()
        self._follow_settings()
        self._go_on()

    def _add(self, name: str, page: Page) -> None:
        assert isinstance(page, QWidget)
        self.window.add(name, page, page)

    def show_setup(self, name: str) -> None:
        """A page that few need: it is made when it is first asked for."""
        if not self.window.has_page(name):
            self._add(name, self._setup_page(name))
        self.window.show_page(name)

    def _setup_page(self, name: str) -> Page:
        till, language = self.till, self._language
        match name:
            case "devices":
                from posapp.setup.bench import Bench
                from posapp.setup.devices_screen import DevicesScreen

                bench = Bench(till.devices, till.state_folder / DEVICES_FILE)
                return DevicesScreen(self.window, bench, language, self._go_on)
            case "scanner":
                from posapp.setup.scanner_screen import ScannerScreen

                self._scanner = ScannerScreen(
                    self.window, till.state_folder, lambda: till.settings, language, self._after_setup
                )
                return self._scanner
            case "board":
                from posapp.board.board_screen import BoardScreen

                return BoardScreen(self.window, till, self._lead, self._go_on)
            case "mine":
                from posapp.board.clerk_screen import ClerkScreen

                return ClerkScreen(self.window, till, self._go_on)
            case "capabilities":
                from posapp.setup.capabilities_screen import CapabilitiesScreen

                return CapabilitiesScreen(till.capabilities, language, self._go_on)
            case "visitors" | "leads" | "regulars" | "feedbacks":
                return self.tasks.page(name)
            case "feedback":
                from posapp.members.feedback_screen import FeedbackScreen

                return FeedbackScreen(
                    lambda: (self.tasks.category, self.tasks.categories().get(self.tasks.category, "")),
                    self.tasks.post,
                    self._go_on,
                )
            case "member_card":
                from posapp.members.blocks_screen import BlocksScreen

                return BlocksScreen(
                    lambda: till.card() if till.guest() else None,
                    lambda: till.settings,
                    self.tasks.lead_row,
                    self.tasks.handle,
                    self.tasks.weekday,
                    self._go_on,
                )
            case _:
                from posapp.setup.receipt_screen import ReceiptScreen

                return ReceiptScreen(
                    lambda: till.texts,
                    lambda: till.papers.logo(till.settings),
                    self._print_sample,
                    language,
                    self._go_on,
                )

    def close(self) -> None:
        """Take the window away; the till stays the caller's to close."""
        self._timer.stop()
        self.till.devices.on_scan = lambda code: None
        self.till.on_news = lambda: None
        self.window.close()
        self.window.deleteLater()

    def _language(self) -> str:
        return str(self.till.settings.language)

    # --- the customer ---

    def face(self, display: CustomerDisplay) -> None:
        """Show a customer what happens here."""
        self._facing = Facing(display, self.till.join_view, self.till.join_shown)
        self._show_posters()
        self.sale.refresh()

    def _show_posters(self) -> None:
        if self._facing:
            self._facing.hang([Poster(held.picture, held.caption) for held in self.till.notices()])

    def _ticket_changed(self, ticket: OpenTicket, paid: PaidView | None, is_paying: bool) -> None:
        """What the customer sees follows."""
        if self._facing:
            self._facing.show(ticket, paid, is_paying)
            self._follow_customer(ticket)
        if display := self.till.devices.display:
            display.show(_shown(ticket, paid, is_paying))
        ref = ticket.member.ref if ticket.member else ""
        if ref != self._met:
            self._met = ref
            if ref:
                self.tasks.tell_news()

    def _follow_customer(self, ticket: OpenTicket) -> None:
        clerk = self.till.clerk.number if self.till.clerk and not self._is_locked else 0
        self.members.follow(bool(ticket.lines), clerk)

    # --- where the cashier stands ---

    def _go_on(self) -> None:
        """The screen that the till's state wants."""
        self.till.leave_board()
        if self.till.clerk is None:
            self.window.show_page("sign_in")
        elif self._is_locked:
            self.window.show_page("locked")
        elif self.till.shift is None:
            self.window.show_page("open_shift")
        else:
            self.window.show_page("sale")
        self._follow_customer(self.sale.shown)
        if self.till.clerk and not self._is_locked:
            self.tasks.tell_news()
        self.show_status()

    def _after_setup(self) -> None:
        self._settings = None
        self._follow_settings()
        self._go_on()

    def _lead(self, action: str) -> None:
        """Where an action leads that is not the sale screen's own; "receipt NUMBER" shows one."""
        name, _, receipt = action.partition(" ")
        if name in _LISTS:
            self.show_setup(name)
        elif act := self._ways.get(name):
            act()
        elif name == "receipt":
            self.window.show_page("sale")
            self.papers.show(receipt)

    @property
    def _ways(self) -> dict[str, Callable[[], object]]:
        return {
            "": self._go_on,
            "lock": self.lock,
            "close_shift": lambda: self.window.show_page("close_shift"),
            "receipts": self.papers.receipts,
            "board": lambda: self._lent(self.window.run(self.till.board)),
            "member": self.members.ask,
            "member_card": lambda: self.show_setup("member_card") if self.till.guest() else self.members.ask(),
            "reception": self._reception,
            "hint": self.members.accept_hint,
            "hint_away": self.members.decline_hint,
            "tasks": self.tasks.menu,
            "serve": self.tasks.serve,
            "feedback": self.tasks.ask_feedback,
            "feedback_words": lambda: self.show_setup("feedback"),
        }

    def _reception(self) -> None:
        if self.till.settings.reception_clock == "on":
            self.tasks.arrive()
        self.members.reception()

    def _lent(self, done: object) -> None:
        """A right that was asked for has been given, here or by a colleague: go on with what it was for."""
        if isinstance(done, BoardView):
            self._board.open_today()
            self.show_setup("board")
        elif isinstance(done, BoardFile):
            self.show_setup("board")
            self._board.exported(done.file)

    @property
    def _board(self) -> BoardScreen:
        if not self.window.has_page("board"):
            self._add("board", self._setup_page("board"))
        return cast("BoardScreen", self.window.page_called("board"))

    def _wants_approval(self, reason: str) -> None:
        """Questions to a colleague stand beside the ticket."""
        if self.window.page_name != "sale":
            self.window.show_page("sale")
        if self._ask_approval:
            self._ask_approval(reason)

    def _more(self) -> Sequence[Option]:
        training = _tr("退出培训") if self.till.is_training else _tr("培训模式")
        show = self.show_setup
        return [
            self.sale.option("reprint"),
            Option("more_cash_in", _tr("存入现金"), lambda: self._ask_cash(self.till.cash_in)),
            Option("more_cash_out", _tr("取出现金"), lambda: self._ask_cash(self.till.cash_out)),
            Option("more_unmatched", _tr("收款码待核对"), self.papers.unmatched),
            Option("more_report_x", _tr("X 报表"), self._report_x),
            *map(self.sale.option, ("board", "mine", "tasks", "lock", "close_shift", "reception")),
            Option("more_capabilities", _tr("现在能做什么"), lambda: show("capabilities")),
            Option("more_training", training, self._train),
            Option("more_devices", _tr("设备"), lambda: show("devices")),
            Option("more_scanner", _tr("扫码枪测试"), lambda: show("scanner")),
            Option("more_doubtful", _tr("不确定是否打出的小票"), self._doubtful),
            Option("more_receipt", _tr("小票样子"), lambda: show("receipt")),
            Option("more_key_card", _tr("打印键位卡"), self._print_key_card),
        ]

    def lock(self) -> None:
        """Nobody sells here until the clerk, or a colleague, is known again; the ticket stays as it is."""
        if self.till.clerk:
            self._is_locked = True
            self.sale.lock()
            self.locked.title.setText(_tr("{name} 已锁屏").format(name=self.till.clerk.name))
            self._go_on()

    def _tick(self) -> None:
        after = self.till.settings.lock_after
        if after and not self._is_locked and self.till.clerk and self.window.idle_s() >= after:
            self.lock()
        if self.window.page_name != "board":
            self.till.leave_board()
        minute = self.till.clock.now_ms() // MINUTE
        if self.window.page_name in FIGURES and minute != self._minute:
            self.window.page.refresh()  # what is looked at grows old
        self._minute = minute
        self._follow_settings()
        hinted = self.sale.shown.member.hint if self.sale.shown.member else None
        if hinted and self.till.hint() is None:
            self.sale.refresh()  # its life is over
        self.show_status()

    def _follow_settings(self) -> None:
        """Take up what HQ changed, between two verbs."""
        if self._settings is not self.till.settings:
            self._settings = self.till.settings
            habits = in_force(self.till.state_folder, self.till.settings)
            self.window.listen(habits.prefix, habits.suffix, habits.gap_ms)
        if self.till.has_news():
            self.sale.show_tiles()
            self._show_posters()

    def _scanned(self, code: str) -> None:
        """A code does what it is from any screen; without a clerk or a shift the till says what is missing."""
        if self.till.clerk and self.till.shift and not self._is_locked:
            if self.window.page_name != "sale":
                self.window.show_page("sale")
            self.sale.scanned(code)
        elif self._is_locked and kind_of(code) != "badge":
            self.window.tell(_tr("已锁屏,请扫工牌或输入密码"))
        elif isinstance(self.window.run(lambda: self.till.scan(code)), ClerkView):
            self._is_locked = False
            self._go_on()

    def _news(self) -> None:
        """HQ has told something: who has just joined stands on the ticket, and nobody pressed a key."""
        came = self.window.run(self.till.newcomer, is_asked=False)
        if came:
            self.members.welcome(came)
        elif self.sale.shown.member:
            self.sale.refresh()  # a hint may have come, or an owner or a title may be another's
        if not self._is_locked:
            self.tasks.tell_news()
        if self.window.page_name in FIGURES:
            self.window.page.refresh()
        if self.till.refused_text():
            self.window.tell(PosError("text_suppressed").sentence(self._language()))

    def _serial_scan(self, code: str) -> None:
        if self._scanner and self.window.page_name == "scanner":
            self._scanner.came(code, _tr("串口"))
        else:
            self._scanned(code)

    # --- answers ---

    def _sign_in(self, answers: list[str]) -> None:
        if self.window.run(lambda: self.till.sign_in(*answers)):
            self._is_locked = False
            self._go_on()

    def _start_over(self) -> None:
        self.sign_in.refresh()

    def _unlock(self, answers: list[str]) -> None:
        if self.window.run(lambda: self.till.unlock(*answers)):
            self._is_locked = False
            self._go_on()

    def _give_up_shift(self) -> None:
        """Whoever does not open a shift leaves: practice, or the till."""
        if self.till.is_training:
            self._train()
        else:
            self._change_clerk()

    def _change_clerk(self) -> None:
        if self.window.run(self.till.sign_out):
            self._is_locked = False
            self._go_on()

    def _open_shift(self, answers: list[str]) -> None:
        if self.window.run(lambda: self.till.open_shift(Money.parse(answers[0]))):
            self._go_on()

    def _close_shift(self, counted: Money, pieces: dict[Money, int]) -> None:
        closed = self.window.run(lambda: self.till.close_shift(counted, pieces))
        if closed:
            self._show_slip(closed)

    def _show_slip(self, closed: ShiftView) -> None:
        """The Z slip as this clerk may see it; a drawer far off is asked a reason for, and nobody is kept waiting."""
        reasons = (_tr("找零出错"), _tr("收款记错方式"), _tr("备用金数错"), _tr("原因不明"))
        explain = [
            Option(f"explain_{n}", _tr("差额原因:{reason}").format(reason=reason), partial(self._explain, reason))
            for n, reason in enumerate(reasons)
        ]
        again = Option("slip_again", _tr("再打一张"), lambda: self.window.run(lambda: self.till.report_z(True)))
        self.slip.show_slip(_tr("已交班"), self.till.slip("z"), [*(explain if closed.wants_reason else []), again])
        self.window.show_page("slip")

    def _explain(self, reason: str) -> None:
        if closed := self.window.run(lambda: self.till.explain_shift(reason)):
            self._show_slip(closed)

    def _train(self) -> None:
        if self.window.run(lambda: self.till.training(not self.till.is_training)):
            self._go_on()

    # --- cash and papers ---

    def _ask_cash(self, move: Callable[[Money, str], ShiftView]) -> None:
        def why(answers: list[str]) -> None:
            amount = self.window.run(lambda: Money.parse(answers[0]))
            if amount is not None:
                options = [
                    Option(f"cash_reason_{n}", reason, partial(self._move_cash, move, amount, reason))
                    for n, reason in enumerate(self.till.cash_reasons())
                ]
                self.sale.offer(_tr("¥{amount} 的用途").format(amount=amount), options)

        self.sale.ask([Step(_tr("金额"))], why)

    def _move_cash(self, move: Callable[[Money, str], ShiftView], amount: Money, reason: str) -> None:
        if self.window.run(lambda: move(amount, reason)):
            self.window.say(_tr("已记录:{reason} ¥{amount}").format(reason=reason, amount=amount))

    def _report_x(self) -> None:
        lines = self.window.run(lambda: self.till.slip("x"))
        if lines:
            again = Option("x_print", _tr("打印"), lambda: self.window.run(lambda: self.till.report_x(True)))
            self.sale.offer(_tr("X 报表"), [again], lines=lines)

    def _doubtful(self) -> None:
        """Papers of which nobody can know whether they came out: who looks at the printer decides."""
        printer = self.till.devices.receipt
        doubtful = printer.view().doubtful if printer else []
        if not printer or not doubtful:
            self.window.say(_tr("没有不确定的小票"))
            return
        options = []
        for key in doubtful[:4]:
            options += [
                Option(f"again_{key}", _tr("没打出来,再打:{key}").format(key=key), partial(printer.again, key)),
                Option(f"settle_{key}", _tr("已打出来:{key}").format(key=key), partial(printer.settle, key)),
            ]
        self.sale.offer(_tr("看看打印机,这些打出来了吗"), options)

    def _print_key_card(self) -> None:
        settings = self.till.settings
        keys = keys_of(settings.key_profile, settings.keys)
        place = settings.language == "en"
        rows = [(key, ACTIONS[action][place]) for action, key in keys.items()]
        fixed = [("Enter", _tr("收款 / 确认")), ("*", _tr("数量,如 6*条码 或 *6")), ("Esc", _tr("返回"))]
        self.till.papers.print(lambda: key_card(_tr("键位卡"), [*fixed, *rows]), f"keys {self.till.journal.new_id()}")
        self.window.say(_tr("键位卡已送打印机"))

    def _print_sample(self, document: Document) -> None:
        self.till.papers.print(lambda: document, f"sample {self.till.journal.new_id()}")

    # --- the status line ---

    def show_status(self) -> None:
        status = self.till.status()
        clerk = f" · {self.till.clerk.name}" if self.till.clerk else ""
        store = self.till.settings.store_name or ""
        shift = _tr("已开班") if status.shift == "open" else _tr("未开班")
        self.window.place.setText(f"{store} {status.till}{clerk} · {shift}")
        self.window.state.setText(" · ".join(self._state_words(status)))
        is_well = status.network == "on" and not status.is_cut_off and status.printer in (None, "ready", "unknown")
        tell(self.window.state, "tone", "" if is_well else "warning")
        self.window.ribbon.setText(_tr("培训模式 · 不计入营业") if status.training else "")
        self.window.ribbon.setVisible(status.training)
        self.tasks.show_clock()
        if self._facing:
            self._facing.place(store, status.training)

    def _state_words(self, status: StatusView) -> list[str]:
        words = [_tr("联网") if status.network == "on" and not status.is_cut_off else _tr("离线销售中")]
        if status.unsent:
            minutes = max(0, status.now - (status.oldest_unsent or status.now)) // 60_000
            age = _tr(",最早 {age} 前").format(age=_age(minutes)) if minutes else ""
            words.append(_tr("待上传 {count} 条").format(count=status.unsent) + age)
        if status.printer is not None:
            words.append(self._printer_words(status.printer))
        if status.printing:
            words.append(_tr("待打印 {count} 张").format(count=status.printing))
        if status.parked:
            words.append(_tr("挂单 {count}").format(count=status.parked))
        return words

    def _printer_words(self, state: str) -> str:
        if state == "ready":
            return _tr("打印机正常")
        words = next((pair for reason, pair in REASONS.items() if reason == state), ("", ""))
        return _tr("打印机{trouble}").format(trouble=words[self._language() == "en"])


def _shown(ticket: OpenTicket, paid: PaidView | None, is_paying: bool) -> Shown:
    """What an old two-line display says."""
    if not ticket.lines:
        return Shown("change", paid.change.fen, "") if paid else Shown("welcome", None, "")
    if is_paying:
        return Shown("total", ticket.due.fen, "")
    line = ticket.lines[-1]
    return Shown("price", line.amount.fen, line.name)


def _age(minutes: int) -> str:
    if minutes < 60:
        return _tr("{count} 分钟").format(count=minutes)
    if minutes < 48 * 60:
        return _tr("{count} 小时").format(count=minutes // 60)
    return _tr("{count} 天").format(count=minutes // (24 * 60))


def dress(app: QApplication, till: Till) -> None:
    """Colours, letters and language as the store wants them."""
    theme.dress(app, theme.COLOURS[till.settings.colours], till.settings.font_scale / 100)
    speak(app, till.settings.language)


def run(till: Till) -> int:
    """Show the window until it is closed; a second screen is the customer's."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    dress(app, till)
    shown = App(till)
    QTimer.singleShot(0, till.runner.start)  # once the first picture stands
    shown.window.resize(1366, 768)
    shown.window.show()
    if len(app.screens()) > 1:
        display = CustomerDisplay(shown.window, till.settings.store_name)
        display.open()
        shown.face(display)
    try:
        return app.exec()
    finally:
        shown.close()

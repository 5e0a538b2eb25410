"""The sale screen: the ticket, its total, the number pad, paying. Layout and wording; the verbs are the till's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from posapp.answers import LineView, OpenTicket, PaidView, RecordedView, RefundView
from posapp.errors import PosError
from posapp.money import ZERO, Money
from posapp.quantity import Quantity
from posapp.rules.tenders import KINDS
from posapp.selling.pay_screen import PayPane
from posapp.selling.verbs import Verbs
from posapp.shortcuts import ACTIONS, keys_of
from posapp.ui.choice import Choice, Option
from posapp.ui.finder import Finder
from posapp.ui.keypad import Keypad, button
from posapp.ui.keys import key_text
from posapp.ui.label import LEFT, RIGHT, label, show_value
from posapp.ui.letters import Letters
from posapp.ui.lines import Lines
from posapp.ui.question import Question, Step
from posapp.ui.tiles import TilePages
from posapp.ui.wedge import struck_ms
from posapp.ui.window import Window

BOUNCE_MS = 250
"""Two Enters closer together are one finger."""

LONGEST = 40
SEARCHED_DIGITS = 4
"""So many figures of a code are worth a search; fewer are an amount or a quantity."""

SHARES = {"supermarket": (11, 12, 6), "touch": (9, 14, 8)}
"""By profile, what the ticket and the keys have of the width, and the quick keys of the height above the number pad:
where fingers rule, the quick keys are larger."""

_MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class SaleScreen(QWidget):
    """The keys go: digits and Enter for a code, *N for a quantity, an amount and F6 for a price, Enter to pay.

    lead: takes the cashier to where an action leads that is not this screen's. changed: hears each new state of the
    ticket, the sale that the last one became, and whether money is being taken.
    """

    def __init__(
        self,
        window: Window,
        till: Verbs,
        lead: Callable[[str], object],
        more: Callable[[], Sequence[Option]],
        changed: Callable[[OpenTicket, PaidView | None, bool], object],
    ) -> None:
        super().__init__()
        self._window = window
        self._till = till
        self._lead = lead
        self._more = more
        self._changed = changed
        self._shown: OpenTicket = till.ticket()
        self._paid: PaidView | None = None
        self._chosen = 0
        self._last_enter = 0.0
        self.refunded: Callable[[RefundView], object] = lambda refund: None
        self.text = ""
        self._acts: dict[str, Callable[[], object]] = {
            "void": self._void,
            "price": self._price,
            "discount": self._discount,
            "ticket_discount": self._ticket_discount,
            "park": self._park_or_recall,
            "cancel": self._cancel,
            "drawer": self._drawer,
            "reprint": self._reprint,
            "more": self._to_more,
            "search": self._turn_letters,
        }
        self._keys = keys_of(till.settings.key_profile, till.settings.keys)
        self._panes = QStackedWidget()
        self._before: QWidget = self._panes
        self.question = Question("question", self._words(), self.give_up)
        self.choice = Choice("choice", self._words(), self.to_selling)
        self._selling = self._selling_pane()
        self.pay = PayPane(
            self._cash,
            self._note,
            {"card": (*self._named("card"), self._card), "static": (*self._named("static"), self._static)},
            self.to_selling,
            self.refresh,
        )
        for pane in (self._selling, self.pay, self.question, self.choice):
            self._panes.addWidget(pane)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        ticket, keys, _ = SHARES[till.settings.key_profile]
        layout.addWidget(self._ticket_card(), ticket)
        layout.addWidget(self._panes, keys)
        window.wants_approval = self._ask_approval
        self.show_tiles()
        self.refresh()

    # --- layout ---

    def _words(self) -> dict[str, str]:
        return {
            "clear": self.tr("清除"),
            "back": self.tr("返回"),
            "confirm": self.tr("确定"),
            "more": self.tr("下一页"),
        }

    def _named(self, action: str) -> tuple[str, str]:
        """An action's name and the key that does it."""
        return ACTIONS[action][self._till.settings.language == "en"], self._keys.get(action, "")

    def _ticket_card(self) -> QFrame:
        card = QFrame()
        card.setProperty("card", True)
        self.member = label("member", text=self.tr("散客"))
        titles = (self.tr("商品"), self.tr("数量"), self.tr("单价"), self.tr("金额"))
        self.lines = Lines("lines", titles, ("88.888 kg", "8888.88", "88888.88"), spare=2)
        self.lines.setAccessibleName(self.tr("单据"))
        self.lines.clicked.connect(lambda index: self._choose(index.row()))
        self.count = label("count", is_quiet=True)
        self.saved = label("saved", is_quiet=True, align=RIGHT)
        self.caption = label("caption", "large")
        self.total = label("total", "giant", align=RIGHT)
        self.receipt = label("receipt", "small", is_quiet=True, align=RIGHT)
        above, below = QHBoxLayout(), QHBoxLayout()
        above.addWidget(self.count)
        above.addWidget(self.saved)
        below.addWidget(self.caption)
        below.addWidget(self.total, 1)
        layout = QVBoxLayout(card)
        layout.setContentsMargins(8, 4, 8, 8)
        layout.setSpacing(4)
        head = QHBoxLayout()
        head.setContentsMargins(8, 4, 8, 0)
        head.addWidget(self.member)
        layout.addLayout(head)
        layout.addWidget(self.lines, 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(8, 2, 8, 4)
        foot.setSpacing(0)
        foot.addLayout(above)
        foot.addLayout(below)
        foot.addWidget(self.receipt)
        layout.addLayout(foot)
        return card

    def _selling_pane(self) -> QWidget:
        self.entry = label("entry", align=RIGHT)
        self.hint = label("hint", "small", is_quiet=True, align=LEFT)
        within = QHBoxLayout(self.entry)
        within.setContentsMargins(4, 0, 4, 0)
        within.addWidget(self.hint)
        keys = self._keys
        self.hint.setText(
            self.tr("扫码或输入条码 · 拼音 {search} · 数量 * · 更多 {more}").format(
                search=keys.get("search", ""), more=keys.get("more", "")
            )
        )
        self.tiles = TilePages("tiles", self._taken, self.tr("总部还没有设置快捷商品;扫码、输入条码或拼音都可以卖"))
        self.finder = Finder("finder", self._taken, self.tr("没有找到;可输入名称的拼音、首字母或条码的几位"))
        self._browse = QStackedWidget()
        self._browse.addWidget(self.tiles)
        self._browse.addWidget(self.finder)
        self.letters = Letters(self.write, self._erase)
        self.letters.offer("text")
        self._pads = QStackedWidget()
        self._pads.addWidget(self._keypad())
        self._pads.addWidget(self.letters)
        name, key = self._named("search")
        search = button("search", name, self._turn_letters, key=key)
        search.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.entry, 1)
        head.addWidget(search)
        pane = QWidget()
        layout = QVBoxLayout(pane)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self._browse, SHARES[self._till.settings.key_profile][2])
        layout.addWidget(self._pads, 5)
        return pane

    def _keypad(self) -> Keypad:
        self.pay_button = button("to_pay", self.tr("收款"), self.to_paying, "pay", "Enter")
        made = [
            button(action, name, partial(self._act, action), "action", key)
            for action in ("void", "price", "discount", "park", "receipts", "more")
            for name, key in [self._named(action)]
        ]
        beside = [
            button("erase", "⌫", self._erase, "key"),
            button("times", "×", lambda: self.write("*"), "key"),
            button("enter_code", self.tr("录入"), self._enter_text),
        ]
        return Keypad(self.write, [beside, made[:3], made[3:]], self.pay_button)

    # --- drawing ---

    def show_tiles(self) -> None:
        """Put the quick keys as HQ has them now."""
        self.tiles.put(self._till.tiles())

    def refresh(self) -> None:
        """Draw the ticket as the till has it now, or the change of the one just paid."""
        ticket = self._shown = self._till.ticket()
        rows = [(view.name, f"{view.qty} {view.unit}", str(view.price), str(view.amount)) for view in ticket.lines]
        numbers = [view.line for view in ticket.lines]
        if self._chosen not in numbers:
            self._chosen = numbers[-1] if numbers else 0
        self.lines.put(rows, numbers.index(self._chosen) if numbers else -1)
        pieces = self.tr("共 {count} 行").format(count=len(rows))
        self.count.setText(pieces if rows else "")
        self.saved.setText(self.tr("已优惠 {saved}").format(saved=ticket.saved) if ticket.saved.fen > 0 else "")
        paid = self._paid if not rows else None
        is_exact = paid is not None and not paid.change
        self.caption.setText(self.tr("已收款") if is_exact else self.tr("找零") if paid else self.tr("应收"))
        received = paid.total + paid.rounding if paid else ZERO
        shown = ticket.due if paid is None else paid.change or received
        show_value(self.total, self.caption.text(), f"¥{shown}")
        if self.total.property("good") != bool(paid):
            self.total.setProperty("good", bool(paid))
            self.total.style().polish(self.total)
        self.receipt.setText(
            self.tr("已收款 {total} · 小票 {receipt}").format(total=received, receipt=paid.receipt) if paid else ""
        )
        self.pay_button.setEnabled(bool(rows))
        self._show_typed()
        if self._panes.currentWidget() is self.pay:
            self.pay.put(ticket, self._till.settings.language)
        self._changed(ticket, paid, self._panes.currentWidget() is self.pay)

    # --- keys and codes ---

    def write(self, text: str) -> None:
        self._type((self.text + text)[:LONGEST])

    def _erase(self) -> None:
        self._type(self.text[:-1])

    def _type(self, text: str) -> None:
        self.text = text
        self._show_typed()

    def _show_typed(self) -> None:
        """What is typed; letters, or the figures of a code, find articles meanwhile."""
        show_value(self.entry, self.tr("输入"), self.text)
        self.hint.setVisible(not self.text)
        wanted = self.text.rpartition("*")[2]
        if self._is_search or (len(wanted) >= SEARCHED_DIGITS and wanted.isdigit()):
            found = self._window.run(lambda: self._till.search(wanted)) or ()
            self.finder.put(found)
            self._browse.setCurrentWidget(self.finder if found or self._is_search else self.tiles)
        else:
            self._browse.setCurrentWidget(self.tiles)

    @property
    def _is_search(self) -> bool:
        """Whether what is typed is no code or amount but a name."""
        return any(letter.isalpha() for letter in self.text)

    def _turn_letters(self) -> None:
        """From the number pad to the letters and back."""
        self._pads.setCurrentIndex(1 - self._pads.currentIndex())
        self._type("")

    def _taken(self, code: str) -> None:
        """An article was taken from the tiles or from what was found."""
        count = self.text.rpartition("*")[0]
        self._pads.setCurrentIndex(0)
        self._add(f"{count}*{code}" if count else code)

    def key(self, event: QKeyEvent) -> bool:
        """Whether the screen took the key."""
        pane, key = self._panes.currentWidget(), event.key()
        is_enter = key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        bounced = is_enter and struck_ms(event) - self._last_enter < BOUNCE_MS
        self._last_enter = struck_ms(event) if is_enter else 0.0
        if bounced:
            return True
        if pane in (self.question, self.choice):
            return (self.question if pane is self.question else self.choice).key(event)
        pressed = key_text(event)
        action = next((action for action, wanted in self._keys.items() if wanted == pressed), None)
        typed = event.text()
        if pane is self.pay:
            return self._paying_key(key, action, is_enter, typed)
        if action:
            self._act(action)
        elif is_enter:
            self._enter()
        elif key == Qt.Key.Key_Backspace:
            self._erase()
        elif key == Qt.Key.Key_Escape:
            self._pads.setCurrentIndex(0)
            self._type("")
        elif self._browse.currentWidget() is self.finder and key in _MOVES and self.finder.key(event):
            return True
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._choose(self.lines.chosen + (1 if key == Qt.Key.Key_Down else -1))
        elif typed.isprintable() and typed.strip():
            self.write(typed)
        else:
            return False
        return True

    def _paying_key(self, key: int, action: str | None, is_enter: bool, typed: str) -> bool:
        tenders = {"card": self._card, "static": self._static}
        if action in tenders:
            tenders[action]()
        elif is_enter:
            self._cash()
        elif key == Qt.Key.Key_Backspace:
            self.pay.erase()
        elif key == Qt.Key.Key_Escape:
            self.to_selling()
        elif typed and typed in "0123456789.":
            self.pay.write(typed)
        else:
            return False
        return True

    def _act(self, action: str) -> None:
        if act := self._acts.get(action):
            act()
        else:
            self._lead(action)

    def scanned(self, code: str) -> None:
        """A scanned code answers no question and is never mixed with typed digits, unless they say how many: 6* and
        the scan."""
        count = self.text if self.text.endswith("*") else ""
        is_asked = self._panes.currentWidget() is self.question
        before = self._before
        if not is_asked:
            self.text = self.pay.text = ""
            self._panes.setCurrentWidget(self._selling)
        done = self._add(count + code)
        if is_asked and done is not None:
            self._panes.setCurrentWidget(before if isinstance(done, PaidView) else self._selling)
            self.settle(done)

    def _add(self, text: str) -> object | None:
        self.text = ""
        done: object | None = self._window.run(lambda: self._scan(text))
        if isinstance(done, LineView):
            self._paid = None
            self._chosen = done.line
        elif isinstance(done, RecordedView):
            self._lead(f"receipt {done.receipt}")
        self.refresh()
        return done

    def _scan(self, text: str) -> object:
        try:
            return self._till.scan(text)
        except PosError as refused:
            if refused.code != "needs_weight":
                raise
        self.ask([Step(self.tr("重量,如 0.536"))], lambda answers: self._add(f"{answers[0]}*{text}"))
        return None

    def _choose(self, row: int) -> None:
        if 0 <= row < len(self._shown.lines):
            self._chosen = self._shown.lines[row].line
            self.refresh()

    def _enter(self) -> None:
        """Enter pays; with a code or a quantity typed before it, it ends what was typed."""
        if self.text:
            self._enter_text()
        else:
            self.to_paying()

    def _enter_text(self) -> None:
        if self._is_search and self.finder.code:
            self._taken(self.finder.code)
            return
        text, self.text = self.text, ""
        if text.startswith("*"):
            self._with_line(lambda line: self._till.qty(line, Quantity.parse(text[1:])))
        elif text:
            self._add(text)
        self.refresh()

    # --- the ticket ---

    def _with_line(self, act: Callable[[int], object]) -> None:
        """Do something to the chosen line."""
        if n := self._chosen:
            self._window.run(lambda: act(n))
        else:
            self._window.tell(self.tr("请先录入商品"))
        self.refresh()

    def _typed(self, step: Step, go_on: Callable[[str], object]) -> None:
        """What was typed before the key, else what the cashier answers now."""
        text, self.text = self.text, ""
        if not self._shown.lines:
            self._window.tell(self.tr("请先录入商品"))
        elif text:
            go_on(text)
        else:
            self.ask([step], lambda answers: go_on(answers[0]))
        self.refresh()

    def ask(self, steps: list[Step], done: Callable[[list[str]], object], reason: str = "") -> None:
        """Put a question beside the ticket; its answers go to `done` after the ticket's own keys are back."""

        def answered(answers: list[str]) -> None:
            self.to_selling()
            done(answers)

        self.question.ask(steps, answered, reason)
        self._panes.setCurrentWidget(self.question)

    def offer(self, title: str, options: Sequence[Option], columns: int = 1, lines: Sequence[str] = ()) -> None:
        """Put a choice beside the ticket; what is chosen acts after the ticket's own keys are back."""

        def taken(option: Option) -> None:
            self.to_selling()
            option.act()

        shown = [Option(option.name, option.text, partial(taken, option), option.key) for option in options]
        self.choice.offer(title, shown, columns=columns, lines=lines)
        self._panes.setCurrentWidget(self.choice)

    def _void(self) -> None:
        self._with_line(self._till.void)

    def _price(self) -> None:
        self._typed(
            Step(self.tr("新单价")),
            lambda text: self._with_line(lambda line: self._till.price(line, Money.parse(text))),
        )

    def _discount(self) -> None:
        self._typed(
            Step(self.tr("本行折扣,如 10% 或 5.00"), is_percent=True),
            lambda text: self._with_line(lambda line: self._till.discount(line, text)),
        )

    def _ticket_discount(self) -> None:
        def go_on(text: str) -> None:
            self._window.run(lambda: self._till.discount(None, text))
            self.refresh()

        self._typed(Step(self.tr("整单折扣,如 10% 或 5.00"), is_percent=True), go_on)

    def _park_or_recall(self) -> None:
        parked = self._till.parked()
        self._paid = None
        if self._shown.lines:
            self._window.run(self._till.park)
        elif len(parked) > 1:
            self.offer(
                self.tr("取哪一单"),
                [
                    Option(
                        f"parked_{name}",
                        self.tr("{name} · {count} 行 · ¥{total}").format(name=name, count=count, total=total),
                        partial(self._recall, name),
                    )
                    for name, count, total in parked
                ],
            )
        else:
            self._window.run(self._till.recall)
        self.refresh()

    def _recall(self, name: str) -> None:
        self._window.run(lambda: self._till.recall(name))
        self.refresh()

    def _cancel(self) -> None:
        if self._shown.lines:
            name = self.tr("取消这一单,共 {count} 行").format(count=len(self._shown.lines))
            self.offer(self.tr("整单取消"), [Option("cancel_ticket", name, self._cancel_now)])

    def _cancel_now(self) -> None:
        paid = self._shown.paid
        done = self._window.run(self._till.cancel)
        self.refresh()
        if done is not None and paid:
            place = self._till.settings.language == "en"
            back = self.tr("、").join(f"{KINDS[kind][place]} ¥{amount}" for kind, amount in paid)
            self._window.say(self.tr("已取消,请退还顾客 {back}").format(back=back))

    def _drawer(self) -> None:
        self._window.run(self._till.drawer)

    def _reprint(self) -> None:
        if self._paid and self._paid.receipt:
            receipt = self._paid.receipt
            if self._window.run(lambda: self._till.reprint(receipt)):
                self._window.say(self.tr("已重印 {receipt}").format(receipt=receipt))
        else:
            self._lead("receipts")

    def option(self, action: str) -> Option:
        name, key = self._named(action)
        return Option(f"more_{action}", name, partial(self._act, action), key)

    def _to_more(self) -> None:
        own = [self.option(action) for action in ("ticket_discount", "cancel", "drawer")]
        self.offer(self.tr("更多"), [*own, *self._more()], columns=2)

    # --- paying ---

    def lock(self) -> None:
        """Somebody else may come: no approval waits for a badge that only opens the window. The rest stays."""
        if self._till.decline() and self._panes.currentWidget() is self.question:
            self.to_selling()

    def give_up(self) -> None:
        """Nobody answers the question beside the ticket; what it would have approved stays refused."""
        self._till.decline()
        self.to_selling()

    def to_selling(self) -> None:
        self.text = self.pay.text = ""
        self._panes.setCurrentWidget(self._selling)
        self.refresh()

    def to_paying(self) -> None:
        if self._shown.lines:
            self._panes.setCurrentWidget(self.pay)
            self.refresh()

    def _note(self, note: Money) -> None:
        self.take(lambda: self._till.pay("cash", note))

    def _cash(self) -> None:
        self.take(lambda: self._till.pay("cash", self.pay.amount(self._shown.cash_due)))

    def _static(self) -> None:
        self.take(lambda: self._till.pay("static", self.pay.amount(self._shown.due)))

    def _card(self) -> None:
        amount = self._window.run(lambda: self.pay.amount(self._shown.due))
        if amount is None:
            return

        if amount > self._shown.due:
            self._window.tell(self.tr("刷卡不能多收,还应收 ¥{due}").format(due=self._shown.due))
            self.refresh()
            return

        def pay(answers: Sequence[str]) -> None:
            paid = self._window.run(lambda: self._till.pay("card", amount, answers[0]))
            if paid is not None:
                self._panes.setCurrentWidget(self.pay)
                self.settle(paid)

        self.question.ask([Step(self.tr("刷卡单上的授权号"))], pay, self.tr("刷卡 ¥{amount}").format(amount=amount))
        self._panes.setCurrentWidget(self.question)

    def take(self, pay: Callable[[], PaidView]) -> None:
        self.settle(self._window.run(pay))

    def settle(self, paid: object) -> None:
        """Draw what a verb has answered; a sale that is paid is left, money that goes back is told."""
        if isinstance(paid, RefundView):
            self.refunded(paid)
        if isinstance(paid, PaidView) and paid.receipt:
            self._paid = paid
            self.to_selling()
        self.refresh()

    # --- approval ---

    def _ask_approval(self, reason: str) -> None:
        current = self._panes.currentWidget()
        if current is not self.question and current is not None:
            self._before = current

        def approve(answers: Sequence[str]) -> None:
            done = self._window.run(lambda: self._till.approve(*answers))
            if done is not None:
                self._panes.setCurrentWidget(self._before)
                self.settle(done)

        steps = [Step(self.tr("授权人工号,或扫工牌")), Step(self.tr("授权人密码"), is_secret=True)]
        self.question.ask(steps, approve, reason)
        self._panes.setCurrentWidget(self.question)

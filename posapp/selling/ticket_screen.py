"""What a cashier does to the open ticket by its keys: void, price, discount, park and recall, cancel."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from posapp.money import Money
from posapp.rules.tenders import KINDS
from posapp.selling.verbs import Verbs
from posapp.ui.choice import Option
from posapp.ui.question import Step
from posapp.ui.window import Window

if TYPE_CHECKING:
    from posapp.selling.screen import SaleScreen


class TicketDesk(QObject):
    """Its questions stand beside the ticket of a sale screen."""

    def __init__(self, window: Window, till: Verbs, sale: SaleScreen) -> None:
        super().__init__(sale)
        self._window, self._till, self._sale = window, till, sale

    def with_line(self, act: Callable[[int], object]) -> None:
        """Do something to the chosen line."""
        if n := self._sale.chosen:
            self._window.run(lambda: act(n))
        else:
            self._window.tell(self.tr("请先录入商品"))
        self._sale.refresh()

    def _typed(self, step: Step, go_on: Callable[[str], object]) -> None:
        """What was typed before the key, else what the cashier answers now."""
        text, self._sale.selling.text = self._sale.selling.text, ""
        if not self._sale.shown.lines:
            self._window.tell(self.tr("请先录入商品"))
        elif text:
            go_on(text)
        else:
            self._sale.ask([step], lambda answers: go_on(answers[0]))
        self._sale.refresh()

    def void(self) -> None:
        self.with_line(self._till.void)

    def price(self) -> None:
        self._typed(
            Step(self.tr("新单价")),
            lambda text: self.with_line(lambda line: self._till.price(line, Money.parse(text))),
        )

    def discount(self) -> None:
        self._typed(
            Step(self.tr("本行折扣,如 10% 或 5.00"), is_percent=True),
            lambda text: self.with_line(lambda line: self._till.discount(line, text)),
        )

    def ticket_discount(self) -> None:
        def go_on(text: str) -> None:
            self._window.run(lambda: self._till.discount(None, text))
            self._sale.refresh()

        self._typed(Step(self.tr("整单折扣,如 10% 或 5.00"), is_percent=True), go_on)

    def park_or_recall(self) -> None:
        parked = self._till.parked()
        self._sale.paid = None
        if self._sale.shown.lines:
            self._window.run(self._till.park)
        elif len(parked) > 1:
            self._sale.offer(
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
        self._sale.refresh()

    def _recall(self, name: str) -> None:
        self._window.run(lambda: self._till.recall(name))
        self._sale.refresh()

    def cancel(self) -> None:
        if self._sale.shown.lines:
            name = self.tr("取消这一单,共 {count} 行").format(count=len(self._sale.shown.lines))
            self._sale.offer(self.tr("整单取消"), [Option("cancel_ticket", name, self._cancel_now)])

    def _cancel_now(self) -> None:
        paid = self._sale.shown.paid
        done = self._window.run(self._till.cancel)
        self._sale.refresh()
        if done is not None and paid:
            place = self._till.settings.language == "en"
            back = self.tr("、").join(f"{KINDS[kind][place]} ¥{amount}" for kind, amount in paid)
            self._window.say(self.tr("已取消,请退还顾客 {back}").format(back=back))

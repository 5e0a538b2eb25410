"""What a cashier does with papers beside the ticket: looks at receipts, prints or voids them, matches codes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol

from PySide6.QtCore import QObject

from posapp.answers import RecordedView, RefundView
from posapp.clock import local
from posapp.rules.tenders import tender_name
from posapp.selling.day import ReceiptRow, Unmatched
from posapp.selling.screen import SaleScreen
from posapp.settings import Settings
from posapp.ui.choice import Option
from posapp.ui.question import Step
from posapp.ui.window import Window

LISTED = 45
"""Receipts of the day that are offered; older ones are scanned or typed."""


class Verbs(Protocol):
    """What is asked of the till."""

    @property
    def settings(self) -> Settings: ...
    def receipts_of_day(self, limit: int, before: int | None = None) -> Sequence[ReceiptRow]: ...
    def recorded(self, receipt: str) -> RecordedView: ...
    def reprint(self, receipt: str) -> Any: ...
    def void_sale(self, receipt: str, reason: str) -> RefundView: ...
    def unmatched(self) -> Sequence[Unmatched]: ...
    def match(self, receipt: str, n: int | None, ref: str) -> Any: ...


class PaperDesk(QObject):
    """Its questions stand beside the ticket of a sale screen."""

    def __init__(self, window: Window, till: Verbs, sale: SaleScreen) -> None:
        super().__init__(sale)
        self._window, self._till, self._sale = window, till, sale

    def receipts(self) -> None:
        """Today's, the newest first; one that is not among them is asked for by its number."""
        rows = self._till.receipts_of_day(LISTED)
        other = Option("receipt_other", self.tr("输入小票号 …"), self._ask_number)
        self._sale.offer(self.tr("今天的小票"), [other, *(self._option(row) for row in rows)])

    def _option(self, row: ReceiptRow) -> Option:
        settings = self._till.settings
        time = f"{local(row.paid, settings.time_zone):%H:%M}"
        paid = "+".join(tender_name(kind, settings.language) for kind, _ in row.tenders)
        voided = self.tr(" · 已作废") if row.voided_by else ""
        text = f"{time}   ¥{row.total}   {paid}{voided}\n{row.receipt}"
        return Option(f"receipt_{row.receipt}", text, partial(self.show, row.receipt))

    def _ask_number(self) -> None:
        self._sale.ask([Step(self.tr("小票号,今天的可只输入序号,如 42"))], lambda answers: self.show(answers[0]))

    def show(self, receipt: str) -> None:
        held = self._window.run(lambda: self._till.recorded(receipt))
        if held is None:
            return
        options = [Option("receipt_again", self.tr("再打一张"), partial(self._again, held.receipt))]
        if held.is_sale and not held.voided_by:
            options.append(Option("receipt_void", self.tr("整单作废"), partial(self._why_void, held.receipt)))
        self._sale.offer(held.receipt, options, columns=2, lines=held.text)

    def _again(self, receipt: str) -> None:
        if self._window.run(lambda: self._till.reprint(receipt)):
            self._window.say(self.tr("已重印 {receipt}").format(receipt=receipt))

    def _why_void(self, receipt: str) -> None:
        reasons = (self.tr("收银操作错误"), self.tr("顾客不要了"), self.tr("重复收款"), self.tr("付款方式选错"))
        self._sale.offer(
            self.tr("为什么作废"),
            [
                Option(f"void_reason_{n}", reason, partial(self._void, receipt, reason))
                for n, reason in enumerate(reasons)
            ],
        )

    def _void(self, receipt: str, reason: str) -> None:
        self._sale.settle(self._window.run(lambda: self._till.void_sale(receipt, reason)))

    def voided(self, refund: RefundView) -> None:
        """Say what goes back to the customer."""
        back = self.tr("、").join(
            f"{tender_name(kind, self._till.settings.language)} ¥{amount}" for kind, amount in refund.back.items()
        )
        self._window.say(self.tr("已作废 {receipt},请退 {back}").format(receipt=refund.sale, back=back))

    # --- payment codes ---

    def unmatched(self) -> None:
        """What the shop's own code took and nobody has found in the account yet."""
        settings = self._till.settings
        options = [
            Option(
                f"unmatched_{held.receipt}_{held.n}",
                f"{local(held.paid, settings.time_zone):%m-%d %H:%M}   ¥{held.amount}\n{held.receipt}",
                partial(self._ask_reference, held),
            )
            for held in self._till.unmatched()
        ]
        if options:
            self._sale.offer(self.tr("收款码待核对"), options)
        else:
            self._window.say(self.tr("没有待核对的收款码"))

    def _ask_reference(self, held: Unmatched) -> None:
        def match(answers: list[str]) -> None:
            if self._window.run(lambda: self._till.match(held.receipt, held.n, answers[0])):
                self._window.say(self.tr("已核对 {receipt} ¥{amount}").format(receipt=held.receipt, amount=held.amount))

        reason = self.tr("在收款账户里找到 ¥{amount} 这一笔,输入它的单号后几位").format(amount=held.amount)
        self._sale.ask([Step(self.tr("到账单号"))], match, reason)

"""What a customer types and ticks at the customer display: joining, the code on their phone, consents, a text message.

Nobody types a customer's number where the shop's people look on: without a customer display there is paper.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from PySide6.QtCore import QObject

from posapp.answers import AskedText, AssistView, MemberView, TextView
from posapp.errors import PosError
from posapp.rules.consents import AGE, MARKETING
from posapp.settings import Settings
from posapp.ui.customer_form import FormText, TickText
from posapp.ui.join_panel import JoinText
from posapp.ui.window import Window

CODE_GROUPS = (3, 3)


class Verbs(Protocol):
    """What is asked of the till."""

    @property
    def settings(self) -> Settings: ...
    def asked_texts(self) -> Sequence[AskedText]: ...
    def assist(self, phone: str, agreed: Mapping[str, bool]) -> AssistView: ...
    def assist_code(self, code: str) -> MemberView: ...
    def assist_on(self) -> MemberView: ...
    def assist_off(self) -> Any: ...
    def consent(self, given: Mapping[str, bool]) -> MemberView: ...
    def text_message(self, phone: str, template: str, ticket: str = "") -> TextView: ...


class Customer(Protocol):
    """The customer display, where there is one."""

    @property
    def is_asking(self) -> bool: ...
    def ask(
        self, text: FormText, done: Callable[[str, dict[str, bool]], str], cancelled: Callable[[], object]
    ) -> None: ...
    def show_code(self, code: JoinText) -> None: ...
    def hide_code(self) -> None: ...
    def close(self) -> None: ...


class CustomerAsk(QObject):
    """came(member, is_new) hears who stands on the ticket after it; told() that something else is done."""

    def __init__(
        self,
        window: Window,
        till: Verbs,
        customer: Callable[[], Customer | None],
        came: Callable[[MemberView, bool], object],
        told: Callable[[], object],
    ) -> None:
        super().__init__(window)
        self._window, self._till, self._customer = window, till, customer
        self._came, self._told = came, told
        self._is_for_goods = False

    @property
    def is_open(self) -> bool:
        """Whether the customer is asked something now."""
        customer = self._customer()
        return customer is not None and customer.is_asking

    def close(self) -> None:
        """The cashier takes the form away; nothing of what was typed stays."""
        if customer := self._customer():
            customer.close()
        self._till.assist_off()

    def follow(self, has_goods: bool) -> None:
        """A form that stood there with a ticket does not outlive it: the next one is somebody else's."""
        was_for_goods, self._is_for_goods = self._is_for_goods, self.is_open and (has_goods or self._is_for_goods)
        if was_for_goods and not has_goods and self.is_open:
            self.close()

    def show_code(self, code: JoinText) -> bool:
        """Whether there is a display to show it on."""
        customer = self._customer()
        if customer:
            customer.show_code(code)
        return customer is not None

    def hide_code(self) -> None:
        if customer := self._customer():
            customer.hide_code()

    # --- joining ---

    def join(self) -> None:
        """The customer types their number and ticks what they agree to; every box is empty when they see it."""
        ticks = [
            TickText(text.purpose, f"{text.title}: {text.text}", is_required=text.is_needed)
            for text in self._till.asked_texts()
            if text.is_needed or text.purpose == MARKETING
        ]
        ticks.append(TickText(AGE, self.tr("我已满14周岁"), is_required=True))
        form = FormText(
            self.tr("手机号入会"),
            tuple(ticks),
            self.tr("只收手机号,不同意也照常结账"),
            self.tr("好了,谢谢!"),
        )
        if self._ask(form, self._typed, self._gave_up):
            self._window.say(self.tr("请顾客在客显上输入手机号并勾选"))

    def _typed(self, phone: str, ticks: dict[str, bool]) -> str:
        def act() -> None:
            done = self._till.assist(phone, ticks)
            if done.state == "code":
                self._ask_code()
            elif done.member:
                self._came(done.member, done.state == "joined")

        return self._try(act)

    def _ask_code(self) -> None:
        form = FormText(
            self.tr("短信验证码"),
            (),
            self.tr("验证码已发到您的手机,五分钟内有效"),
            self.tr("好了,谢谢!"),
            groups=CODE_GROUPS,
            prompt=self.tr("请输入验证码"),
            cancel=self.tr("没收到"),
        )
        if self._ask(form, self._typed_code, self._no_code):
            self._window.say(self.tr("验证码已发到顾客手机,请顾客在客显上输入;没收到也可以继续"))

    def _typed_code(self, code: str, _: dict[str, bool]) -> str:
        return self._try(lambda: self._came(self._till.assist_code(code), True))

    def _no_code(self) -> None:
        member = self._window.run(self._till.assist_on)
        if member:
            self._came(member, True)

    def _gave_up(self) -> None:
        self._till.assist_off()
        self._window.say(self.tr("顾客没有填写,照常收款"))

    # --- consents ---

    def consents(self, given: Mapping[str, int]) -> None:
        """A member agrees, or does not any more, by their own finger."""
        ticks = tuple(
            TickText(text.purpose, f"{text.title}: {text.text}", is_on=bool(given.get(text.purpose)))
            for text in self._till.asked_texts()
            if not text.is_needed
        )
        form = FormText(self.tr("我的选择"), ticks, thanks=self.tr("好了,谢谢!"), asks_phone=False)

        def done(_: str, wanted: dict[str, bool]) -> str:
            def act() -> None:
                self._till.consent(wanted)
                self._told()

            return self._try(act)

        if self._ask(form, done, lambda: None):
            self._window.say(self.tr("请顾客在客显上勾选"))

    # --- text messages ---

    def text(self, template: str, ticket: str = "") -> None:
        """The customer types the number that one message goes to. ticket: the paid one it is about, "" the open one."""
        title = self.tr("短信收电子小票") if template == "receipt" else self.tr("短信领本单积分")
        form = FormText(title, (), self.tr("只用来发这一条短信"), self.tr("好了,请留意短信"))

        def done(phone: str, _: dict[str, bool]) -> str:
            def act() -> None:
                asked = self._till.text_message(phone, template, ticket)
                waits = self.tr("已登记,联网后发出;小票照常打印")
                self._window.say(waits if asked.waits else self.tr("已登记,短信马上发出;小票照常打印"))

            return self._try(act)

        if self._ask(form, done, lambda: None):
            self._window.say(self.tr("请顾客在客显上输入手机号"))

    # --- inside ---

    def _ask(
        self, form: FormText, done: Callable[[str, dict[str, bool]], str], cancelled: Callable[[], object]
    ) -> bool:
        customer = self._customer()
        if customer is None:
            self._window.tell(self.tr("没有顾客屏,不能在收银员面前填手机号;请顾客扫小票上的码"))
            return False
        customer.ask(form, done, cancelled)
        return True

    def _try(self, act: Callable[[], object]) -> str:
        """What is wrong, for the customer to read; "" where all is well."""
        try:
            act()
        except PosError as refused:
            return refused.sentence(self._till.settings.language)
        return ""

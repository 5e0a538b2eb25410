"""What a cashier does about the customer beside the ticket: asks who they are, sees them come, lets them go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from posapp.answers import MemberChoice, MemberView
from posapp.ui.choice import Option
from posapp.ui.question import Step
from posapp.ui.window import Window


class Verbs(Protocol):
    """What is asked of the till."""

    def member(self, text: str) -> MemberView | list[MemberChoice]: ...
    def choose_member(self, ref: str) -> MemberView: ...
    def drop_member(self) -> Any: ...
    def guest(self) -> MemberView | None: ...
    def points(self, count: int) -> Any: ...


class Beside(Protocol):
    """Where questions stand: the sale screen."""

    def ask(self, steps: list[Step], done: Callable[[list[str]], object], reason: str = "") -> None: ...
    def offer(self, title: str, options: Sequence[Option], columns: int = 1, lines: Sequence[str] = ()) -> None: ...
    def refresh(self) -> None: ...


class MemberDesk(QObject):
    """Its questions stand beside the ticket of a sale screen."""

    def __init__(self, window: Window, till: Verbs, sale: Beside) -> None:
        super().__init__(window)
        self._window = window
        self._till = till
        self._sale = sale

    def ask(self) -> None:
        """The key for members: who is it, or what to do with who stands there."""
        guest = self._till.guest()
        if guest is None:
            self._sale.ask([Step(self.tr("手机号或后四位,或扫会员码"))], lambda answers: self.look_up(answers[0]))
            return
        options = [
            Option("member_points", self.tr("用积分"), self._ask_points),
            Option("member_drop", self.tr("不是这位会员"), self._drop),
            Option("member_other", self.tr("换一位会员"), self._other),
        ]
        self._sale.offer(f"{guest.name} {guest.tail}", options)

    def look_up(self, text: str) -> None:
        """By what the customer says or shows."""
        found = self._window.run(lambda: self._till.member(text))
        if isinstance(found, list):
            self._sale.offer(
                self.tr("哪一位"),
                [
                    Option(f"member_{n}", self._named(one), partial(self._choose, one.ref))
                    for n, one in enumerate(found, 1)
                ],
            )
        else:
            self._sale.refresh()

    def welcome(self, came: MemberView) -> None:
        """Somebody joined by the ticket's code: a soft sound, a word, the prices follow."""
        QApplication.beep()
        words = self.tr("新会员 {name} 入会成功") if came.is_new else self.tr("会员 {name} 已关联本单")
        self._window.say(words.format(name=came.name))
        self._sale.refresh()

    def _named(self, one: MemberChoice) -> str:
        tail = self.tr("手机尾号 {tail}").format(tail=one.tail)
        return " · ".join(word for word in (one.name, tail, one.tier) if word)

    def _choose(self, ref: str) -> None:
        self._window.run(lambda: self._till.choose_member(ref))
        self._sale.refresh()

    def _drop(self) -> None:
        self._window.run(self._till.drop_member)
        self._sale.refresh()

    def _other(self) -> None:
        self._drop()
        self.ask()

    def _ask_points(self) -> None:
        def pay(answers: list[str]) -> None:
            text = answers[0]
            self._window.run(lambda: self._till.points(int(text) if text.isascii() and text.isdigit() else -1))
            self._sale.refresh()

        self._sale.ask([Step(self.tr("用多少积分"))], pay)

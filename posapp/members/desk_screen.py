"""What a cashier does about the customer beside the ticket: asks who they are, sees them come, notes what they like,
does what they want with their data, lets them go."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from posapp.answers import AddonView, ChipView, HintView, JoinView, MemberChoice, MemberView, OpenTicket, PageView
from posapp.members import asking_screen
from posapp.members.asking_screen import Customer, CustomerAsk
from posapp.rules.consents import MARKETING
from posapp.rules.join_token import read
from posapp.ui.choice import Option
from posapp.ui.join_panel import JoinText
from posapp.ui.question import Step
from posapp.ui.window import Window


class Verbs(asking_screen.Verbs, Protocol):
    """What is asked of the till."""

    @property
    def last_sold(self) -> Any: ...
    def member(self, text: str) -> MemberView | list[MemberChoice]: ...
    def choose_member(self, ref: str) -> MemberView: ...
    def drop_member(self) -> Any: ...
    def guest(self) -> MemberView | None: ...
    def points(self, count: int) -> Any: ...
    def chips(self) -> Sequence[ChipView]: ...
    def note_attribute(self, name: str, value: str) -> MemberView: ...
    def privacy(self, kind: str) -> MemberView: ...
    def self_service(self) -> PageView: ...
    def reception(self) -> JoinView: ...
    def hint(self) -> HintView | None: ...
    def accept_hint(self) -> MemberView: ...
    def decline_hint(self) -> MemberView: ...
    def addons(self) -> Sequence[AddonView]: ...


class Beside(Protocol):
    """Where questions stand: the sale screen."""

    @property
    def shown(self) -> OpenTicket: ...
    def ask(
        self,
        steps: list[Step],
        done: Callable[[list[str]], object],
        reason: str = "",
        others: Sequence[Option] = (),
    ) -> None: ...
    def offer(self, title: str, options: Sequence[Option], columns: int = 1, lines: Sequence[str] = ()) -> None: ...
    def refresh(self) -> None: ...
    def add(self, text: str) -> object | None: ...
    def option(self, action: str) -> Option: ...


class MemberDesk(QObject):
    """Its questions stand beside the ticket of a sale screen; the customer's own at the customer display."""

    def __init__(self, window: Window, till: Verbs, sale: Beside, customer: Callable[[], Customer | None]) -> None:
        super().__init__(window)
        self._window = window
        self._till = till
        self._sale = sale
        self._code_of = 0
        self.asking = CustomerAsk(window, till, customer, self._assisted, sale.refresh)

    def ask(self) -> None:
        """The key for members: who is it, or what to do with who stands there."""
        guest = self._till.guest()
        if guest is None:
            self._sale.ask(
                [Step(self.tr("手机号或后四位,或扫会员码"))],
                lambda answers: self.look_up(answers[0]),
                others=self._without_member(),
            )
            return
        chips = [
            Option(f"chip_{chip.name}", self._chip_text(chip), partial(self._choose_chip, chip))
            for chip in self._till.chips()
        ]
        options = [
            self._sale.option("member_card"),
            *([Option("member_addons", self.tr("可搭配的商品"), self._offer_addons)] if self._till.addons() else []),
            Option("member_points", self.tr("用积分"), self._ask_points),
            *chips,
            Option("member_privacy", self.tr("隐私/退订"), self.privacy),
            *self._text_option(),
            *self._close_option(),
            Option("member_drop", self.tr("不是这位会员"), self._drop),
            Option("member_other", self.tr("换一位会员"), self._other),
        ]
        self._sale.offer(f"{guest.name} {guest.tail}", options, columns=2 if len(options) > 6 else 1)

    def _without_member(self) -> list[Option]:
        """Beside the question who it is; F2 and the keys after it mean nothing else while it stands there."""
        join = Option("member_assist", self.tr("顾客在客显上填写"), self.assist, "F2")
        text = [Option(option.name, self.tr("短信"), option.act, "F3") for option in self._text_option()]
        closing = [Option(option.name, self.tr("收起"), option.act, "F2") for option in self._close_option()]
        privacy = Option("member_privacy", self.tr("隐私/退订"), self.privacy, "F4")
        return [*(closing or [join]), *text, privacy]

    def _close_option(self) -> list[Option]:
        if not self.asking.is_open:
            return []
        return [Option("member_close", self.tr("收起客显上的表单"), self.asking.close)]

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

    def _assisted(self, came: MemberView, is_new: bool) -> None:
        """A customer has typed their number at the display."""
        words = self.tr("新会员(尾号 {tail})入会成功") if is_new else self.tr("会员 {name} 已关联本单")
        self._window.say(words.format(name=came.name, tail=came.tail))
        self._sale.refresh()

    def assist(self) -> None:
        """Let the customer join by typing at the customer display."""
        self.asking.join()

    # --- the hint, and what goes with what they like ---

    def accept_hint(self) -> None:
        """The hint's own key: what it brings counts; nothing else is pressed."""
        hint = self._till.hint()
        if self._window.run(self._till.accept_hint) and hint and hint.applies:
            self._window.say(self.tr("已使用 {name}").format(name=hint.applies))
        self._sale.refresh()

    def decline_hint(self) -> None:
        """Put the hint away."""
        self._window.run(self._till.decline_hint)
        self._sale.refresh()

    def _offer_addons(self) -> None:
        self._sale.offer(
            self.tr("可搭配的商品"),
            [
                Option(f"offer_{n}", f"{view.name}   ¥{view.price}\n{view.why}", partial(self._sale.add, view.code))
                for n, view in enumerate(self._till.addons())
            ],
        )

    # --- what they like ---

    def _chip_text(self, chip: ChipView) -> str:
        named = dict(chip.choices).get(chip.value, "")
        return self.tr("{title}:{value}").format(title=chip.title, value=named) if named else chip.title

    def _choose_chip(self, chip: ChipView) -> None:
        options = [
            Option(f"value_{value}", f"✓ {text}" if value == chip.value else text, partial(self._note, chip, value))
            for value, text in chip.choices
        ]
        if chip.value:
            options.append(Option("value_none", self.tr("不记了"), partial(self._note, chip, "")))
        self._sale.offer(chip.title, options)

    def _note(self, chip: ChipView, value: str) -> None:
        if self._window.run(lambda: self._till.note_attribute(chip.name, value)):
            text = dict(chip.choices).get(value, self.tr("不记了"))
            self._window.say(self.tr("已记下 {title}:{value}").format(title=chip.title, value=text))
        self._sale.refresh()

    # --- their data ---

    def privacy(self) -> None:
        """What the member agreed to, and what they can have done about their data."""
        guest = self._till.guest()
        page = Option("privacy_page", self.tr("顾客自助(客显和小票上的码)"), self._show_page)
        if guest is None:
            self._show_page()
            return
        lines = [
            self.tr("{purpose}  {state}").format(
                purpose=text.title, state=self.tr("已同意") if guest.consents.get(text.purpose) else self.tr("未同意")
            )
            for text in self._till.asked_texts()
        ]
        if guest.consents.get(MARKETING):
            marketing = Option("privacy_withdraw", self.tr("撤回营销"), self._withdraw)
        else:
            marketing = Option("privacy_give", self.tr("同意营销(顾客勾选)"), partial(self._give, guest.consents))
        kinds = {
            "impersonal": self.tr("不要个性化"),
            "access": self.tr("查阅复制"),
            "correct": self.tr("更正"),
            "erase": self.tr("注销删除"),
        }
        options = [
            marketing,
            *(Option(f"privacy_{kind}", text, partial(self._request, kind, text)) for kind, text in kinds.items()),
            page,
        ]
        self._sale.offer(self.tr("隐私/退订"), options, columns=2, lines=lines)

    def _withdraw(self) -> None:
        if self._window.run(lambda: self._till.consent({MARKETING: False})):
            self._window.say(self.tr("已撤回,不再发优惠信息"))
        self._sale.refresh()

    def _give(self, given: Mapping[str, int]) -> None:
        self.asking.consents(given)

    def _request(self, kind: str, text: str) -> None:
        if self._window.run(lambda: self._till.privacy(kind)):
            self._window.say(self.tr("已登记:{request},总部会联系顾客").format(request=text))
        self._sale.refresh()

    def _show_page(self) -> None:
        page = self._window.run(self._till.self_service)
        if page is None:
            return
        is_shown = self.asking.show_code(JoinText(page.url, page.title, collects=page.line))
        if is_shown:
            self._window.say(self.tr("二维码已显示在客显上"))
        elif page.is_printed:
            self._window.say(self.tr("二维码已打印"))
        else:
            self._window.tell(self.tr("没有顾客屏和打印机,请顾客用手机打开 {url}").format(url=page.url))

    # --- reception and text messages ---

    def follow(self, has_goods: bool, clerk: int) -> None:
        """What stands on the customer display goes with its ticket, a clerk's own code with its clerk (0: nobody)."""
        self.asking.follow(has_goods)
        if self._code_of not in (0, clerk):
            self.asking.hide_code()
            self._code_of = 0

    def reception(self) -> None:
        """The clerk's own code for somebody who buys nothing yet."""
        view = self._window.run(self._till.reception)
        if view is None:
            return
        if self.asking.show_code(JoinText(view.url, view.title, collects=view.line)):
            self._code_of = read(view.token)[0].clerk
            self._window.say(self.tr("接待码已显示在客显上,一分钟后收起"))
        else:
            self._window.tell(self.tr("没有顾客屏,请用工牌上的码"))

    def text(self) -> None:
        """A text message about the ticket: of the open one its points, of one that is paid the receipt, too."""
        if self._sale.shown.lines:
            self.asking.text("claim")
            return
        sold = self._till.last_sold
        if sold is None:
            self._window.tell(self.tr("还没有小票可以发短信"))
        elif sold.member:
            self.asking.text("receipt", sold.ticket)
        else:
            self._sale.offer(
                self.tr("发什么短信"),
                [
                    Option("text_receipt", self.tr("电子小票"), lambda: self.asking.text("receipt", sold.ticket)),
                    Option("text_claim", self.tr("领本单积分"), lambda: self.asking.text("claim", sold.ticket)),
                ],
            )

    def _text_option(self) -> list[Option]:
        has_goods = bool(self._sale.shown.lines)
        can = not self._till.guest() if has_goods else self._till.last_sold is not None
        return [Option("member_text", self.tr("短信收小票/领积分"), self.text)] if can else []

    # --- the rest ---

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

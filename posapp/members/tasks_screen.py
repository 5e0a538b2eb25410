"""What is to be done beside selling, on the screen: the menu beside the ticket, and the lists it leads to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from PySide6.QtCore import QObject

from posapp.answers import (
    ExportView,
    FeedbackView,
    LeadView,
    OpenTicket,
    RegularView,
    VisitorsView,
    VisitorView,
    WaitView,
)
from posapp.clock import local
from posapp.errors import PosError
from posapp.settings import Settings
from posapp.ui.choice import Option
from posapp.ui.list_page import Listing, ListPage, PageAct
from posapp.ui.rows import Row, Tone
from posapp.ui.window import Page, Window


class Verbs(Protocol):
    """What is asked of the till."""

    @property
    def settings(self) -> Settings: ...
    def visitors(self) -> VisitorsView: ...
    def visit(self, member: str, outcome: str) -> VisitorView: ...
    def arrivals(self) -> Sequence[VisitorView]: ...
    def may_see_regulars(self) -> bool: ...
    def regulars(self) -> Sequence[RegularView]: ...
    def export_regulars(self, reason: str) -> ExportView: ...
    def leads(self) -> Sequence[LeadView]: ...
    def lead_done(self, lead: str, outcome: str, text: str = "") -> Any: ...
    def feedback(self) -> Sequence[FeedbackView]: ...
    def post_feedback(self, category: str, text: str) -> FeedbackView: ...
    def answered(self) -> Sequence[FeedbackView]: ...
    def arrive(self, kind: str, ref: str = "") -> Any: ...
    def serve(self, ref: str = "") -> Any: ...
    def leave(self) -> Any: ...
    def waiting(self) -> Sequence[WaitView]: ...


class Beside(Protocol):
    """Where the menu stands: the sale screen."""

    @property
    def shown(self) -> OpenTicket: ...
    def offer(self, title: str, options: Sequence[Option], columns: int = 1, lines: Sequence[str] = ()) -> None: ...
    def option(self, action: str) -> Option: ...


class TaskDesk(QObject):
    """lead(name) goes to a page, "" back to selling."""

    def __init__(self, window: Window, till: Verbs, sale: Beside, lead: Callable[[str], object]) -> None:
        super().__init__(window)
        self._window, self._till, self._sale, self._lead = window, till, sale, lead
        self.category = ""

    # --- the menu ---

    def menu(self) -> None:
        """What waits, with how many."""
        seen, leads = self._till.visitors(), self._till.leads()
        late = sum(lead.is_overdue for lead in leads)
        waits = self.tr("跟进  {count} 条").format(count=len(leads))
        overdue = self.tr("{count} 条过期").format(count=late)
        options = [
            Option(
                "task_visitors",
                self.tr("今天可能到店  {arrived}/{listed} 已到").format(arrived=seen.arrived, listed=seen.listed),
                partial(self._lead, "visitors"),
            ),
            Option(
                "task_leads",
                f"{waits} · {overdue}" if late else waits,
                partial(self._lead, "leads"),
            ),
            Option("task_feedback", self.tr("顾客反馈"), self.ask_feedback),
            Option("task_feedbacks", self.tr("反馈和答复"), partial(self._lead, "feedbacks")),
            Option("task_arrive", self.tr("有人到店,开始计时"), self.arrive),
        ]
        if waiting := self._till.waiting():
            words = self.tr("已接待  {time}").format(time=_clock(waiting[0].seconds))
            options.append(Option("task_serve", words, self.serve))
            options.append(Option("task_leave", self.tr("顾客走了 / 按错了"), self.leave))
        if self._till.may_see_regulars():
            options.append(Option("task_regulars", self.tr("核心客户"), partial(self._lead, "regulars")))
        self._sale.offer(self.tr("待办"), options)

    def page(self, name: str) -> Page:
        """A list's page, made when it is first asked for."""
        match name:
            case "visitors":
                return self._list(name, self.tr("今天可能到店"), self._visitors, self._visited)
            case "leads":
                return self._list(name, self.tr("跟进"), self._leads, self._handled)
            case "regulars":
                export = PageAct("regulars_export", self.tr("导出"), "1", self._ask_why)
                return self._list(name, self.tr("核心客户"), self._regulars, acts=[export])
            case _:
                new = PageAct("feedback_new", self.tr("新反馈"), "1", self._new_feedback)
                return self._list(name, self.tr("反馈和答复"), self._feedback, acts=[new])

    def _list(
        self,
        name: str,
        title: str,
        load: Callable[[], Listing],
        acted: Callable[[int, str], object] = lambda n, act: None,
        acts: Sequence[PageAct] = (),
    ) -> ListPage:
        words = (self.tr("返回"), self.tr("上一页"), self.tr("下一页"))
        return ListPage(name, title, load, partial(self._lead, ""), words, acted, acts)

    # --- likely visitors ---

    def _visitors(self) -> Listing:
        seen = self._till.visitors()
        summary = self.tr("名单 {listed} · 到店 {arrived} · 聊过 {talked} · 买了 {bought}").format(
            listed=seen.listed, arrived=seen.arrived, talked=seen.talked, bought=seen.bought
        )
        acts = (("bought", self.tr("买了")), ("looked", self.tr("看了")), ("not_talked", self.tr("没聊")))
        rows = [
            Row(f"{_named(one.name, one.tail)} · {one.why}", self._visitor_text(one), *self._visitor_state(one), acts)
            for one in seen.visitors
        ]
        return Listing(summary, rows, self.tr("今天的名单还没有来;总部每天开门前发来"))

    def _visitor_text(self, one: VisitorView) -> str:
        owner = self.tr("顾问 {name}").format(name=one.owner) if one.owner else ""
        say = self.tr("说:{script}").format(script=one.script) if one.script else ""
        return "  ·  ".join(part for part in (say, owner) if part)

    def _visitor_state(self, one: VisitorView) -> tuple[Tone, str]:
        words = {"bought": self.tr("买了"), "looked": self.tr("看了"), "not_talked": self.tr("没聊")}
        if one.bought or one.outcome:
            return "good", words["bought" if one.bought else one.outcome]
        return ("good", self.tr("已到店")) if one.arrived else ("", "")

    def _visited(self, n: int, outcome: str) -> None:
        seen = self._till.visitors().visitors
        if n < len(seen):
            self._window.run(lambda: self._till.visit(seen[n].member, outcome))
        self._window.page.refresh()

    # --- leads ---

    def _leads(self) -> Listing:
        leads = self._till.leads()
        late = sum(lead.is_overdue for lead in leads)
        summary = self.tr("{count} 条,{late} 条过期").format(count=len(leads), late=late)
        return Listing(summary, [self.lead_row(lead) for lead in leads], self.tr("没有要跟进的"))

    def lead_row(self, lead: LeadView) -> Row:
        """A lead as a row, here and on the member card."""
        due = f"{local(lead.due, self._till.settings.time_zone):%m-%d %H:%M}"
        words = [self.tr("{time} 前").format(time=due), lead.clerk]
        words.append(self.tr("说:{script}").format(script=lead.script) if lead.script else "")
        acts = (("done", self.tr("完成")), ("not_reached", self.tr("没联系上")), ("declined", self.tr("不需要")))
        state: tuple[Tone, str] = ("warning", self.tr("已过期")) if lead.is_overdue else ("", "")
        text = "  ·  ".join(word for word in words if word)
        return Row(f"{lead.title} · {_named(lead.name, lead.tail)}", text, *state, acts)

    def _handled(self, n: int, outcome: str) -> None:
        leads = self._till.leads()
        if n < len(leads):
            self.handle(leads[n], outcome)

    def handle(self, lead: LeadView, outcome: str) -> None:
        """What became of a lead; its page is drawn without it."""
        done = self._window.run(lambda: self._till.lead_done(lead.id, outcome))
        self._window.page.refresh()
        if done is not None:
            self._window.say(self.tr("已记录:{title}").format(title=lead.title))

    # --- core customers ---

    def _regulars(self) -> Listing:
        found = self._window.run(self._till.regulars) or ()
        summary = self.tr("{count} 位").format(count=len(found))
        return Listing(summary, [self._regular(one) for one in found], self.tr("总部还没有发来核心客户"))

    def _regular(self, one: RegularView) -> Row:
        zone = self._till.settings.time_zone
        parts = [
            self.tr("喜欢 {goods}").format(goods=self.tr("、").join(one.likes)) if one.likes else "",
            self.tr("常在{day}来").format(day=self._weekday(one.weekday)) if one.weekday else "",
            self.tr("上次 {date}").format(date=f"{local(one.last, zone):%m-%d}") if one.last else "",
        ]
        expected = self.tr("预计 {date}").format(date=one.expected[5:]) if one.expected else ""
        title = f"{one.rank}   {_named(one.name, one.tail)}   {one.segment[1]}".rstrip()
        return Row(title, "  ·  ".join(part for part in parts if part), "", expected)

    def _weekday(self, day: int) -> str:
        days = (
            self.tr("周一"),
            self.tr("周二"),
            self.tr("周三"),
            self.tr("周四"),
            self.tr("周五"),
            self.tr("周六"),
            self.tr("周日"),
        )
        return days[(day - 1) % len(days)]

    def weekday(self, day: int) -> str:
        """1 to 7 in a word."""
        return self._weekday(day)

    def _ask_why(self) -> None:
        reasons = (self.tr("周会"), self.tr("安排回访"), self.tr("总部要求"))
        self._lead("")
        self._sale.offer(
            self.tr("为什么导出;会记在审计里"),
            [Option(f"export_{n}", reason, partial(self._export, reason)) for n, reason in enumerate(reasons)],
        )

    def _export(self, reason: str) -> None:
        if made := self._window.run(lambda: self._till.export_regulars(reason)):
            self._window.say(self.tr("已导出 {count} 位:{file}").format(count=made.rows, file=made.file))

    # --- feedback ---

    def categories(self) -> dict[str, str]:
        return {
            "goods": self.tr("商品"),
            "price": self.tr("价格"),
            "service": self.tr("服务"),
            "shop": self.tr("门店环境"),
            "other": self.tr("其他"),
        }

    def ask_feedback(self) -> None:
        """What a customer said is about what? Then a page for the words."""
        options = [
            Option(f"feedback_{name}", text, partial(self._write, name)) for name, text in self.categories().items()
        ]
        options.append(Option("feedback_list", self.tr("反馈和答复"), partial(self._lead, "feedbacks")))
        self._sale.offer(self.tr("顾客反馈什么"), options)

    def _new_feedback(self) -> None:
        self._lead("")
        self.ask_feedback()

    def _write(self, category: str) -> None:
        self.category = category
        self._lead("feedback_words")

    def post(self, text: str) -> bool:
        """Whether it was taken."""
        posted = self._window.run(lambda: self._till.post_feedback(self.category, text))
        if posted:
            self._lead("")
            self._window.say(self.tr("已提交,总部会答复"))
        return posted is not None

    def _feedback(self) -> Listing:
        found = self._till.feedback()
        open_ones = sum(one.state != "answered" for one in found)
        summary = self.tr("{count} 条,{open} 条待答复").format(count=len(found), open=open_ones)
        return Listing(summary, [self._feedback_row(one) for one in found], self.tr("还没有反馈"))

    def _feedback_row(self, one: FeedbackView) -> Row:
        states: dict[str, tuple[Tone, str]] = {
            "unsent": ("caution", self.tr("待上传")),
            "open": ("", self.tr("待答复")),
            "answered": ("good", self.tr("已答复")),
        }
        time = f"{local(one.at, self._till.settings.time_zone):%m-%d %H:%M}"
        about = [self.categories().get(one.category, one.category), time]
        about.append(self.tr("由 {name} 答复").format(name=one.owner) if one.owner else "")
        answer = [self.tr("答复:{answer}").format(answer=one.answer)] if one.answer else []
        text = "\n".join(["  ·  ".join(part for part in about if part), *answer])
        return Row(one.text, text, *states.get(one.state, ("", "")))

    # --- the three-minute clock ---

    def arrive(self) -> None:
        """Somebody stands in the shop and wants to be served."""
        if self._window.run(lambda: self._till.arrive("reception")):
            self.show_clock()

    def serve(self) -> None:
        """Whoever has waited longest is served."""
        if self._window.run(self._till.serve) is not None:
            self.show_clock()

    def leave(self) -> None:
        if self._window.run(self._till.leave) is not None:
            self.show_clock()

    def show_clock(self) -> None:
        """The status line counts for whoever has waited longest."""
        waiting, clock = self._till.waiting(), self._window.clock
        clock.setVisible(bool(waiting))
        if not waiting:
            return
        first = waiting[0]
        kinds = {"reception": self.tr("接待"), "booking": self.tr("预约到店"), "pickup": self.tr("来提货")}
        others = f" +{len(waiting) - 1}" if len(waiting) > 1 else ""
        clock.setText(f"{kinds[first.kind]} {_clock(first.seconds)}{others}")
        if clock.property("tone") != first.state:
            clock.setProperty("tone", first.state)
            clock.style().unpolish(clock)
            clock.style().polish(clock)

    # --- what comes by itself ---

    def tell_news(self) -> None:
        """A clerk's own customer has come; what they asked is answered."""
        try:
            here = self._sale.shown.member.ref if self._sale.shown.member else ""
            for one in (one for one in self._till.arrivals() if one.member != here):  # who stands here, is seen
                self._window.say(self.tr("您的顾客 {name} 到店了 · {why}").format(name=one.name, why=one.why))
            for said in self._till.answered():
                words = self.tr("您的反馈有答复了:{text} — {answer}")
                self._window.say(words.format(text=said.text, answer=said.answer))
        except PosError:
            return


def _named(name: str, tail: str) -> str:
    return f"{name} {tail}".strip()


def _clock(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"

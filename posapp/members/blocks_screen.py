"""The member card as a page of three blocks: what they like, what they bought last, what is to be done about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from posapp.answers import CardView, LeadView, OrderView
from posapp.clock import local
from posapp.settings import Settings
from posapp.ui.columns import fill, side_by_side
from posapp.ui.keypad import button
from posapp.ui.label import label, tell
from posapp.ui.rows import Row, Rows


class BlocksScreen(QWidget):
    """ask: the card as it is now, None where no member stands on the ticket any more. lead_row, handle: of the tasks.
    Arrows choose a lead, a digit says what became of it. Nothing here faces the customer."""

    def __init__(
        self,
        ask: Callable[[], CardView | None],
        settings: Callable[[], Settings],
        lead_row: Callable[[LeadView], Row],
        handle: Callable[[LeadView, str], object],
        weekday: Callable[[int], str],
        leave: Callable[[], object],
    ) -> None:
        super().__init__()
        self._ask, self._settings, self._lead_row = ask, settings, lead_row
        self._handle, self._weekday, self._leave = handle, weekday, leave
        self._leads: Sequence[LeadView] = ()
        self.title = label("member_card_title", "large")
        self.segment = label("segment", "small")
        self.segment.setContentsMargins(7, 2, 7, 2)
        self.standing = label("member_card_standing", is_quiet=True)
        self.standing.setWordWrap(True)
        self.likes = Rows("card_likes", self.tr("偏好"))
        self.orders = Rows("card_orders", self.tr("最近购买"))
        self.todo = Rows("card_leads", self.tr("待跟进"), lambda n: self.todo.choose(n), self._acted, is_narrow=True)
        back = button("member_card_back", self.tr("返回"), lambda: self._leave(), key="Esc")
        back.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self.title)
        head.addWidget(self.segment, 0, Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(self.standing, 1)
        head.addWidget(back)
        fill(self, head, side_by_side((1, ((self.likes, 4), (self.orders, 5))), (1, ((self.todo, 1),))))

    def refresh(self) -> None:
        card = self._ask()
        if card is None:
            self._leave()
            return
        member = card.member
        self.title.setText(f"{member.name} {member.tail}".strip())
        tell(self.segment, "segment", member.segment[0])
        self.segment.setText(member.segment[1])
        self.segment.setVisible(bool(member.segment[1]))
        self.standing.setText("  ·  ".join(self._standing(card)))
        self.likes.put(self._liked(card))
        nothing = self.tr("没有记录") if card.is_personal else self.tr("顾客没有同意个性化,不显示")
        self.orders.put([self._order(order) for order in card.orders] or [Row(nothing)])
        self._leads = card.leads
        rows = [self._lead_row(lead) for lead in card.leads]
        chosen = min(max(0, self.todo.chosen), len(rows) - 1)
        self.todo.put(rows or [Row(self.tr("没有要跟进的"))], chosen if rows else -1)

    def _standing(self, card: CardView) -> list[str]:
        member = card.member
        return [
            *([member.tier[0]] if member.tier[0] else []),
            *member.titles,
            *([self.tr("顾问 {name}").format(name=member.owner)] if member.owner else []),
            *([self.tr("{days}天未到店").format(days=member.away)] if member.away else []),
            *([self.tr("一年来 {count} 次").format(count=card.visits)] if card.visits else []),
            *([self.tr("常在{day}来").format(day=self._weekday(card.weekday))] if card.weekday else []),
            *([self.tr("预计 {date}").format(date=card.expected[5:])] if card.expected else []),
        ]

    def _liked(self, card: CardView) -> list[Row]:
        rows = [Row(self.tr("{title}:{value}").format(title=title, value=value)) for title, value in card.chips]
        if card.likes:
            rows.append(Row(self.tr("喜欢 {goods}").format(goods=self.tr("、").join(card.likes))))
        elif not card.is_personal:
            rows.append(Row(self.tr("顾客没有同意个性化,不显示购买偏好")))
        return rows or [Row(self.tr("没有记录"))]

    def _order(self, order: OrderView) -> Row:
        date = f"{local(order.at, self._settings().time_zone):%Y-%m-%d}"
        return Row(self.tr("、").join(order.goods) or date, f"{date}  ·  ¥{order.total}")

    def _acted(self, n: int, outcome: str) -> None:
        if n < len(self._leads):
            self._handle(self._leads[n], outcome)

    def key(self, event: QKeyEvent) -> bool:
        """Whether the page took the key."""
        text = event.text()
        if event.key() == Qt.Key.Key_Escape:
            self._leave()
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self._leads:
            self.todo.step(-1 if event.key() == Qt.Key.Key_Up else 1)
        elif self._leads and text in ("1", "2", "3"):
            n = max(0, self.todo.chosen)
            self._acted(n, self.todo.texts[n].acts[int(text) - 1][0])
        else:
            return event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        return True

"""The member's place above the ticket: who buys, what they have and what this ticket brings; two lines, one button."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from posapp.answers import BenefitView, MemberView
from posapp.clock import local
from posapp.members.addon_screen import AddonStrip
from posapp.members.hint_screen import HintStrip
from posapp.rules.rfm import SLEEPING
from posapp.settings import Settings
from posapp.ui.label import announce, label, tell

_DARK = 0.55
"""A tier's colour lighter than this has dark letters."""
LONG_AWAY = 30
"""Days after which it is said of anybody how long they were away."""


class MemberCard(QPushButton):
    """Says who the member is; a finger on it does what the member key does. key: that key, "" for none; now: UTC ms.
    hint, addons: the strips below it and below the lines, which follow the member."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        now: Callable[[], int],
        act: Callable[[], object],
        key: str,
        hint: HintStrip,
        addons: AddonStrip,
    ) -> None:
        super().__init__()
        self.setObjectName("member")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setProperty("kind", "member")
        self._settings, self._now, self._key = settings, now, key
        self._line = ""
        self.hint, self.addons = hint, addons
        self.clicked.connect(lambda: act())
        self.name = label("name")
        self.tier = label("tier", "small")
        self.points = label("points")
        self.earns = label("earns")
        self.birthday = label("birthday", "small")
        self.segment = label("segment", "small")
        self.segment.setContentsMargins(7, 0, 7, 0)
        self.below = label("below", "small", is_quiet=True)
        above = QHBoxLayout()
        above.setSpacing(10)
        for made in (self.name, self.tier, self.points, self.earns, self.birthday):
            above.addWidget(made)
        above.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 2, 8, 2)
        layout.setSpacing(0)
        layout.addLayout(above)
        under = QHBoxLayout()
        under.setSpacing(8)
        under.addWidget(self.segment)
        under.addWidget(self.below, 1)
        layout.addLayout(under)
        for made in self.findChildren(QLabel):
            made.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.below.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.earns.setProperty("good", True)
        self.setMinimumHeight(layout.minimumSize().height())
        self.put(None)

    @property
    def widget(self) -> QWidget:
        """What stands above the ticket."""
        return self

    def put(self, member: MemberView | None) -> None:
        """Show the open ticket's member, None for a walk-in."""
        if member is None:
            above = [self.tr("散客"), "", "", "", ""]
            what = self.tr("查会员 / 帮顾客入会")
            self._line = f"{self._key}  {what}" if self._key else what
        else:
            above = [
                member.name if member.is_named else self.tr("会员"),
                member.tier[0],
                self.tr("积分 {points}").format(points=f"{member.points:,}"),
                self.tr("本单 +{points}").format(points=member.to_earn) if member.to_earn else "",
                self.tr("本月生日") if member.is_birthday else "",
            ]
            promised = [self._benefit(benefit) for benefit in sorted(member.benefits, key=_usable_first)]
            age = [self._age(member.at)] if member.is_old else []
            mine = self.tr("您的顾客")
            owner = (
                [mine if member.is_mine else self.tr("顾问 {name}").format(name=member.owner)] if member.owner else []
            )
            parts = [*age, *promised, *member.titles, *owner]
            self._line = "  ·  ".join(parts) or self.tr("尾号 {tail}").format(tail=member.tail)
        for made, text in zip((self.name, self.tier, self.points, self.earns, self.birthday), above, strict=True):
            made.setText(text)
            made.setVisible(bool(text))
        self._colour(member.tier[1] if member and member.tier[0] else "")
        standing = self._standing(member) if member else ""
        tell(self.segment, "segment", member.segment[0] if member else "")
        self.segment.setText(standing)
        self.segment.setVisible(bool(standing))
        tell(self.below, "tone", "caution" if member and member.is_old else "")
        self._cut()
        spoken = " ".join(word for word in (*above, standing, self._line) if word)
        if spoken != self.accessibleName():
            self.setAccessibleName(spoken)
            announce(self, spoken)
        self.hint.put(member.hint if member else None)
        self.addons.put(member is not None)

    def _standing(self, member: MemberView) -> str:
        """How they stand, in a word; and how long they were away, where that is long."""
        name, word = member.segment
        is_long = member.away is not None and (name == SLEEPING or member.away >= LONG_AWAY)
        away = self.tr("{days}天未到店").format(days=member.away) if is_long else ""
        return " · ".join(part for part in (word, away) if part)

    def _benefit(self, benefit: BenefitView) -> str:
        if benefit.is_usable:
            return self.tr("{name} 可用").format(name=benefit.name)
        if benefit.missing.fen:
            return self.tr("{name} 还差 ¥{missing}").format(name=benefit.name, missing=benefit.missing)
        return self.tr("{name} 本单不可用").format(name=benefit.name)

    def _age(self, at: int) -> str:
        """What HQ has not confirmed for a while says since when."""
        when, today = (local(ms, self._settings().time_zone) for ms in (at, self._now()))
        time = f"{when:%H:%M}" if when.date() == today.date() else f"{when:%m-%d %H:%M}"
        return self.tr("离线会员信息 (更新于 {time})").format(time=time)

    def _colour(self, colour: str) -> None:
        """The tier as a chip in its own colour; without one it is a word."""
        ground = QColor(colour)
        if not colour or not ground.isValid():
            self.tier.setStyleSheet("")
            return
        light = 0.2126 * ground.redF() + 0.7152 * ground.greenF() + 0.0722 * ground.blueF()
        letters = "#15191f" if light > _DARK else "#ffffff"
        self.tier.setStyleSheet(f"background: {colour}; color: {letters}; border-radius: 8px; padding: 0 8px;")

    def _cut(self) -> None:
        room = self.width() - 16 - (self.segment.sizeHint().width() + 8 if self.segment.text() else 0)
        self.below.setText(self.below.fontMetrics().elidedText(self._line, Qt.TextElideMode.ElideRight, room))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  (Qt's name)
        super().resizeEvent(event)
        self._cut()


def _usable_first(benefit: BenefitView) -> bool:
    return not benefit.is_usable

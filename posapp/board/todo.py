"""待办: what waits for somebody in this store, as this till knows it, the most pressing first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from posapp.clock import local
from posapp.streams import FeedbackRow, LeadRow

Pair = tuple[str, str]

ANSWERS_LISTED = 20


@dataclass(frozen=True, slots=True)
class Todo:
    """kind: lead, feedback, clerk, unmatched, receipts, unsent. title, text, word: Chinese and English. tone: as of a
    row on the screen."""

    kind: str
    title: Pair
    text: Pair = ("", "")
    tone: Literal["", "good", "caution", "warning"] = ""
    word: Pair = ("", "")


def leads_todo(rows: Mapping[str, LeadRow], names: Mapping[int, str], now: int, zone: str) -> list[Todo]:
    """What is to be done about members; whatever is past its time is red and stands first."""
    found = []
    for row in sorted(rows.values(), key=lambda row: row.due):
        due = local(row.due, zone)
        who = names.get(row.clerk, str(row.clerk)) if row.clerk else ""
        text = (f"截止 {due:%m-%d %H:%M} {who}".strip(), f"due {due:%m-%d %H:%M} {who}".strip())
        is_late = row.due < now
        word = ("已逾期", "overdue") if is_late else ("待跟进", "open")
        found.append(Todo("lead", row.title, text, "warning" if is_late else "caution", word))
    return found


def feedback_todo(rows: Mapping[str, FeedbackRow], zone: str) -> list[Todo]:
    """What customers said: answers from HQ first, the newest of each first."""
    ordered = sorted(rows.values(), key=lambda row: (row.state != "answered", -(row.answered or row.at)))
    found = []
    for row in ordered[:ANSWERS_LISTED]:
        at = f"{local(row.at, zone):%m-%d %H:%M}"
        if row.state == "answered":
            said = f"{row.owner}: {row.answer}" if row.owner else row.answer
            found.append(Todo("feedback", (row.text, row.text), (said, said), "good", ("已回复", "answered")))
        else:
            text = (f"{at} 提交 {row.owner}".strip(), f"posted {at} {row.owner}".strip())
            found.append(Todo("feedback", (row.text, row.text), text, "", ("等回复", "waiting")))
    return found


def clerks_todo(names: Mapping[int, str], codes: Iterable[str]) -> list[Todo]:
    """Clerks without a code of their own, where the others have one. codes: keys of the stream clerk_codes."""
    having = {int(head) for key in codes if (head := key.partition(".")[0]).isdigit()} - {0}
    if not having:
        return []
    return [
        Todo(
            "clerk",
            (f"{name} 还没有店员码", f"{name} has no code yet"),
            ("请总部在企业微信里开通", "ask headquarters to activate it in WeCom"),
            "caution",
            ("未激活", "not active"),
        )
        for number, name in sorted(names.items())
        if number not in having
    ]


def till_todo(unmatched: int, printing: int, doubtful: int, unsent: int, oldest: int, now: int) -> list[Todo]:
    """What this till itself waits for. printing: papers that wait; doubtful: of which nobody knows. oldest: of the
    unsent entries, UTC ms."""
    found = []
    if unmatched:
        title = (f"收款码待核对 {unmatched} 笔", f"{unmatched} static code payments to be matched")
        found.append(Todo("unmatched", title, ("更多 · 收款码待核对", "More, Codes to match"), "caution"))
    if doubtful:
        title = (f"{doubtful} 张小票不知是否打出", f"{doubtful} receipts may not have come out")
        found.append(Todo("receipts", title, ("更多 · 不确定是否打出的小票", "More, Receipts in doubt"), "warning"))
    if printing:
        found.append(Todo("receipts", (f"{printing} 张小票待打印", f"{printing} receipts wait for the printer")))
    if unsent:
        minutes = max(0, now - oldest) // 60_000 if oldest else 0
        title = (f"{unsent} 条记录未上传", f"{unsent} entries not sent")
        text = (f"最早 {minutes} 分钟前", f"the oldest {minutes} minutes ago")
        found.append(Todo("unsent", title, text, "caution" if minutes >= 10 else ""))
    return found

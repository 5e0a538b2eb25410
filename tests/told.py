"""What HQ tells a till of its customers, put into the till's file as it would come: for pictures without HQ's work."""

from __future__ import annotations

import msgspec
from sqlalchemy import select

from posapp.clock import DAY, HOUR
from posapp.messages import Message
from posapp.rules.rfm import ACTIVE, HIGH, SLEEPING
from posapp.streams import (
    STREAMS,
    Addon,
    CardOrder,
    CardRow,
    FeedbackRow,
    FeedRow,
    HintRow,
    LeadRow,
    RegularRow,
    VisitorRow,
)
from posapp.sync.pull import keep, kept_rows
from posapp.tables import member
from posapp.till import Till

WHYS = (
    ("看过抹茶千层3次 · 周三常来", "Looked at matcha cake 3 times"),
    ("预计今天来 · 常买吐司", "Expected today, buys toast"),
    ("生日在本周", "Birthday this week"),
)
SCRIPT = ("抹茶千层今天刚到,要不要尝一块?", "The matcha cake has just come; would you like a taste?")


def tell(till: Till, ref: str, articles: list[str]) -> None:
    """Hint, card, lists of the day. ref: the member on the ticket; articles: to suggest to them."""
    now, today = till.clock.now_ms(), till.journal.business_date()
    with till.folder.feed.reading() as conn:
        others = [one for one in conn.scalars(select(member.c.ref).order_by(member.c.ref).limit(30)) if one != ref]
    people, clerk = [ref, *others][:20], till.clerk.number if till.clerk else 0
    card = CardRow(
        clerk,
        SLEEPING,
        [("tea", "烘焙达人", "Baking friend", 0)],
        now - 97 * DAY,
        9,
        3,
        till.journal.business_date(),
        ["海盐卷", "每日吐司", "拿铁咖啡"],
        [CardOrder(now - n * DAY, 1_280 * n // 30, ["海盐卷", "拿铁咖啡"]) for n in (97, 121, 140)],
        [Addon(article, ("常一起买", "Bought together")) for article in articles],
        at=now,
    )
    hint = HintRow(
        "h",
        "dormant",
        ("97天未到店 · 有唤醒礼10元", "97 days away · ¥10 gift"),
        SCRIPT,
        3,
        made=now,
        ends=now + DAY,
    )
    rows: dict[str, dict[str, Message]] = {
        "cards": {ref: card},
        "hints": {ref: hint},
        "visitors": {
            f"{today} {one}": VisitorRow(today, one, n, WHYS[n % 3], SCRIPT, clerk, now if n in (3, 6) else 0)
            for n, one in enumerate(people, 1)
        },
        "regulars": {
            one: RegularRow(n, HIGH if n < 8 else ACTIVE, now - n * DAY, today, 1 + n % 7, ["海盐卷", "每日吐司"])
            for n, one in enumerate(people, 1)
        },
        "leads": {
            "l1": LeadRow(ref, ("回电:抹茶千层到货", "Call: the matcha cake is here"), now - HOUR, clerk, SCRIPT),
            "l2": LeadRow(people[1], ("送试吃装", "Give a sample"), now + 2 * HOUR),
            "l3": LeadRow(people[2], ("确认蛋糕尺寸", "Ask the size of the cake"), now + 5 * HOUR, clerk),
        },
        "feedback": {
            "f1": FeedbackRow(
                "goods",
                "想要无糖的吐司",
                clerk,
                now - DAY,
                "answered",
                "商品部",
                "下周三起上架,先在两家店试卖",
                now - HOUR,
            ),
            "f2": FeedbackRow("shop", "中午排队太长", clerk, now - HOUR, "open", "营运部"),
        },
    }
    with till.folder.feed.transaction() as conn:
        for stream, held in rows.items():
            told = [FeedRow("store:1", key, msgspec.Raw(msgspec.json.encode(row))) for key, row in held.items()]
            lists = stream not in ("cards", "hints")  # of which HQ's own would stand between ours
            gone = kept_rows(conn, stream, STREAMS[stream]).keys() - held if lists else set()
            keep(stream)(conn, [*told, *(FeedRow("store:1", key) for key in gone)])
    till._feed_changed()

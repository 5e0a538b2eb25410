"""A member looked up by whole number or code, with a reason: masked, revealed only to who keeps the house's privacy."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nicegui import ui

from posapp.errors import PosError
from posapp.hq.care.cards import card_of
from posapp.hq.care.timeline import KINDS, Moment, timeline_of
from posapp.hq.console import users
from posapp.hq.console.desk import Desk, Page
from posapp.hq.console.frame import tell
from posapp.hq.console.grids import Column, ask_reason, grid
from posapp.hq.console.guests import consents_of, points_of, reveal
from posapp.hq.console.pages import transactions_page
from posapp.hq.console.sales import Wanted, find
from posapp.hq.console.tiles import heading, nothing, pair, plain
from posapp.hq.members import desk as members
from posapp.money import Money
from posapp.rules.consents import TEXTS
from posapp.rules.rfm import SEGMENTS
from posapp.streams import CardRow

_EARNED = {
    "earn": ("消费得分", "earned"),
    "spend": ("抵扣", "spent"),
    "claw_back": ("退款收回", "taken back"),
    "give_back": ("退款返还", "given back"),
    "claim": ("小票补分", "ticket claimed"),
    "pack": ("入会包", "join pack"),
    "referral": ("邀请", "invitation"),
    "import": ("导入", "imported"),
    "adjust": ("人工调整", "by hand"),
}
_POINTS = (
    Column("when", ("时间", "Time"), least=130),
    Column("word", ("类型", "Kind"), wide=2),
    Column("points", ("积分", "Points"), "number"),
    Column("store", ("门店", "Store"), least=80),
)
_CONSENTS = (
    Column("when", ("时间", "Time"), least=130),
    Column("word", ("同意项", "Purpose"), wide=2),
    Column("said", ("同意", "Given"), least=90),
    Column("channel", ("渠道", "Channel"), least=90),
    Column("version", ("文本版本", "Version"), least=110),
)
_MOMENTS = (
    Column("when", ("时间", "Time"), least=130),
    Column("word", ("什么", "What")),
    Column("what", ("内容", "Of what"), wide=3, least=200),
    Column("fen", ("金额", "Amount"), "money"),
    Column("store", ("门店", "Store"), least=80),
    Column("source", ("来源", "From"), least=90),
)
_BY_HAND = frozenset({users.OPERATIONS, users.PRIVACY})


async def build(desk: Desk) -> None:
    with ui.column().classes("card w-full"):
        heading(
            desk.say("查找会员", "Find a member"),
            more=desk.say("谁看了谁、为什么,都会记录", "who looked at whom and why is kept"),
        )
        with ui.element("div").classes("asked"):
            asked = ui.input(desk.say("手机号、会员码或卡号", "Phone, code or card"))
            reason = ui.input(desk.say("原因", "Reason")).props("outlined dense maxlength=200")
            asked.props("outlined dense maxlength=60 autocomplete=off autofocus")
            for box in (asked, reason):
                box.classes("grow").style("flex-basis:220px")
            look = ui.button(desk.say("查找", "Search"), icon="search").props("no-caps unelevated")
    sheet = ui.column().classes("w-full gap-4")

    async def show() -> None:
        given = (desk.hq.database, desk.means(), (asked.value or "").strip(), desk.user.name, reason.value or "")
        sheet.clear()
        try:
            card = await desk.act("", members.find, *given, desk.user.stores)
        except PosError as error:
            with sheet:
                nothing(desk, desk.told(error), desk.told(error))
            return
        asked.value = ""  # the number does not stay on the screen
        with sheet:
            await _draw(desk, card, show_again)

    async def show_again(ref: str) -> None:
        asked.value = ref
        await show()

    look.on_click(show)
    reason.on("keydown.enter", show)


async def _draw(desk: Desk, card: dict[str, Any], show: Any) -> None:
    root = card["ref"]
    with ui.element("div").classes("tiles"):
        plain(
            desk, desk.say("积分", "Points"), f"{card['points']:,}", desk.now, desk.say("流水之和", "sum of the ledger")
        )
        orders = desk.say("付款的小票数", "tickets paid")
        plain(desk, desk.say("消费次数", "Orders"), f"{card['orders']:,}", desk.now, orders)
        visited = _day(desk, card["visited"])
        plain(desk, desk.say("最近消费", "Last visit"), visited, desk.now, desk.say("最近一次付款", "the last payment"))
        joined = _day(desk, card["joined"])
        plain(
            desk,
            desk.say("入会", "Joined"),
            joined,
            desk.now,
            desk.say("成为会员的那一刻", "when they became a member"),
        )
    with ui.element("div").classes("two"):
        _card(desk, card)
        _who(desk, card, show)
    known = await desk.read(card_of, root, desk.now, card["home"])
    _known(desk, known)
    moments = [one for one in await desk.read(timeline_of, root) if not one.store or desk.user.sees(one.store)]
    grid(desk, ("时间线", "Timeline"), _MOMENTS, [_moment(desk, one) for one in moments])
    rows = await desk.read(find, desk.user.stores, Wanted(member=root))
    transactions_page.draw(desk, rows, ("消费", "Purchases"))
    ledger = await desk.read(points_of, root)
    told = [
        {**row, "when": desk.time(row["at"]), "word": desk.word(_EARNED.get(row["kind"], (row["kind"],) * 2))}
        for row in ledger
    ]
    grid(desk, ("积分流水", "Points"), _POINTS, told)
    acts = await desk.read(consents_of, root)
    grid(desk, ("同意记录", "Consents"), _CONSENTS, [_consent(desk, row) for row in acts])


def _known(desk: Desk, known: CardRow) -> None:
    """The member card as tills and WeCom show it: what they like, their last orders, what they are worth a word for."""
    with ui.element("div").classes("two"):
        with ui.column().classes("card"):
            heading(desk.say("会员卡", "Member card"))
            pair(desk.say("分群", "Segment"), desk.word(SEGMENTS.get(known.segment, (known.segment,) * 2)))
            pair(desk.say("专属导购", "Looked after by"), str(known.owner or ""))
            names = (chinese if not desk.is_english else english for _, chinese, english, _ in known.titles)
            pair(desk.say("头衔", "Titles"), ", ".join(names))
            pair(desk.say("一年购买日数", "Purchase days of a year"), str(known.visits or ""))
            pair(desk.say("预计下次到店", "Next visit expected"), known.expected)
            pair(desk.say("逾期程度", "Overdue"), f"{known.risk}%" if known.risk else "")
        with ui.column().classes("card"):
            heading(desk.say("偏好与最近订单", "Likes and last orders"))
            pair(desk.say("偏好", "Likes"), ", ".join(known.likes))
            for order in known.orders:
                pair(desk.time(order.at), f"{Money(order.fen)} {', '.join(order.goods)}")


def _moment(desk: Desk, one: Moment) -> dict[str, Any]:
    return {
        "when": desk.time(one.at),
        "word": desk.word(KINDS.get(one.kind, (one.kind,) * 2)),
        "what": f"{one.what} {one.detail}".strip(),
        "fen": one.fen or None,
        "store": str(one.store or ""),
        "source": one.source,
    }


def _day(desk: Desk, instant: str | None) -> str:
    return desk.time(int(dt.datetime.fromisoformat(instant).timestamp() * 1000), "%Y-%m-%d") if instant else ""


def _consent(desk: Desk, row: dict[str, Any]) -> dict[str, Any]:
    name = TEXTS[row["purpose"]].title if row["purpose"] in TEXTS else (row["purpose"],) * 2
    said = desk.say("是", "yes") if row["given"] else desk.say("否", "no")
    if row["state"] == "pending":
        said += desk.say("(待确认)", " (unconfirmed)")
    return {**row, "when": desk.time(row["at"]), "word": desk.word(name), "said": said}


def _card(desk: Desk, card: dict[str, Any]) -> None:
    with ui.column().classes("card"):
        heading(card["name"] or "**")
        pair(desk.say("手机", "Phone"), ", ".join(card["phones"]))
        pair(desk.say("等级", "Tier"), card["tier"])
        pair(desk.say("归属门店", "Home store"), str(card["home"] or ""))
        pair(desk.say("权益", "Benefits"), ", ".join(card["benefits"]))
        for name, given in card["consents"].items():
            pair(
                desk.word(TEXTS[name].title) if name in TEXTS else name,
                desk.say("同意", "agreed") if given else desk.say("未同意", "not agreed"),
            )
        if desk.may(users.PRIVACY):
            plain_data = ui.column().classes("w-full gap-0")

            async def shown(reason: str) -> None:
                given = (desk.hq.database, desk.means(), card["ref"], desk.user.name, reason)
                opened = await desk.act("", reveal, *given)
                plain_data.clear()
                with plain_data:
                    pair(desk.say("姓名", "Name"), ", ".join(opened["name"]))
                    pair(desk.say("手机", "Phone"), ", ".join(opened["phone"]))

            title = desk.say("显示完整资料", "Show in full")
            ui.button(title, icon="visibility", on_click=lambda: ask_reason(desk, title, shown)).props(
                "outline no-caps"
            )


def _who(desk: Desk, card: dict[str, Any], show: Any) -> None:
    """By what they are known, and which ids were found to be one person."""
    with ui.column().classes("card"):
        heading(desk.say("身份", "Identity"))
        pair(desk.say("会员编号", "Id"), card["ref"], "mono")
        pair(desk.say("识别依据", "Known by"), ", ".join(card["keys"]))
        pair(desk.say("隐私请求", "Privacy requests"), ", ".join(card["privacy"]))
        for edge in card["merges"]:
            with ui.row().classes("w-full items-center"):
                ui.label(f"#{edge['number']} {edge['by']}").classes("quiet")
                if desk.user.role in _BY_HAND:
                    _part_button(desk, card["ref"], edge["number"], show)


def _part_button(desk: Desk, ref: str, number: int, show: Any) -> None:
    async def part(reason: str) -> None:
        try:
            given = (desk.hq.database, desk.means(), number, desk.user.name)
            await desk.act((f"unmerge {number}", reason), members.untie, *given)
        except PosError as error:
            tell(desk, error)
            return
        await show(ref)

    title = desk.say("撤销合并", "Take the merge back")
    ui.button(title, on_click=lambda: ask_reason(desk, title, part)).props("flat no-caps dense")


PAGE = Page(
    "/members",
    ("会员", "Members"),
    "people",
    frozenset({users.STORE, users.REGION, users.OPERATIONS, users.PRIVACY}),
    build,
    "guests",
)

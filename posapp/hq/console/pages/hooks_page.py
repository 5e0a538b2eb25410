"""The words around join codes: what is said when to whom, written and taken away by operations."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from posapp.clock import rfc3339
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.console import users
from posapp.hq.console.desk import Desk, Page
from posapp.hq.console.frame import tell
from posapp.hq.console.grids import Column, grid
from posapp.hq.joining import offers
from posapp.money import Money
from posapp.streams import HookRow

_SURFACES = {"display": ("客显", "Display"), "receipt": ("小票", "Receipt")}
_AUDIENCES = {"guest": ("非会员", "Guests"), "member": ("会员", "Members")}
_DAYS = (("一", "Mon"), ("二", "Tue"), ("三", "Wed"), ("四", "Thu"), ("五", "Fri"), ("六", "Sat"), ("日", "Sun"))
_TYPED = "%Y-%m-%d %H:%M"
_COLUMNS = (
    Column("id", ("代号", "Id")),
    Column("said", ("文案", "Words"), wide=3, least=200),
    Column("place_word", ("位置", "Where"), least=90),
    Column("audience_word", ("对象", "To"), least=90),
    Column("days", ("星期", "Weekdays")),
    Column("amounts", ("单金额", "Ticket")),
    Column("period", ("时间", "Period"), wide=2, least=150),
    Column("store_word", ("范围", "Scope"), least=90),
    Column("place", ("顺序", "Order"), "number", least=80),
)


async def build(desk: Desk) -> None:
    may_write = desk.may(users.OPERATIONS)
    with ui.row():
        new = ui.button(desk.say("新文案", "New hook"), icon="add").props("no-caps unelevated")
        new.set_visibility(may_write)
    sheet = ui.column().classes("w-full")

    async def show() -> None:
        rows = await desk.act("", offers.hooks, desk.hq.database)
        seen = [_told(desk, row) for row in rows if _is_seen(desk, row["scope"])]
        pressed = (lambda row: _edit(desk, row, show)) if may_write else None
        sheet.clear()
        with sheet:
            grid(desk, ("入会文案", "Hooks"), _COLUMNS, seen, pressed=pressed, name="hooks")

    new.on_click(lambda: _edit(desk, {}, show))
    await show()


def _is_seen(desk: Desk, scope: str) -> bool:
    return scope == feed.CHAIN or desk.user.sees(int(scope.partition(":")[2]))


def _told(desk: Desk, row: dict[str, Any]) -> dict[str, Any]:
    one = {name: row.get(name, default) for name, default in (("least", 0), ("most", 0), ("starts", 0), ("ends", 0))}
    least, most = str(Money(one["least"])) if one["least"] else "", str(Money(one["most"])) if one["most"] else ""
    chosen = row.get("weekdays", [])
    until = desk.time(one["ends"], "%m-%d") or "…"
    return {
        **row,
        "said": desk.word(tuple(row["title"])),
        "place_word": desk.word(_SURFACES.get(row.get("surface", "display"), ("", ""))),
        "audience_word": desk.word(_AUDIENCES.get(row.get("audience", "guest"), ("", ""))),
        "days": " ".join(desk.word(_DAYS[n - 1]) for n in chosen) or desk.say("每天", "every day"),
        "amounts": f"{least}–{most}" if least or most else "",
        "period": f"{desk.time(one['starts'], '%m-%d')} – {until}",
        "store_word": desk.say("全部", "all") if row["scope"] == feed.CHAIN else row["scope"].partition(":")[2],
        "place": row.get("place", 0),
    }


def _edit(desk: Desk, row: dict[str, Any], show: Any) -> None:
    held = {"title": ["", ""], "line": ["", ""], "weekdays": [], "place": 100, "scope": feed.CHAIN, **row}
    box: Any
    with ui.dialog(value=True) as dialog, ui.card().classes("w-full max-w-xl"):
        ui.label(row.get("id") or desk.say("新文案", "New hook")).classes("heading")
        name = ui.input(desk.say("代号", "Id"), value=row.get("id", "")).props("maxlength=20")
        scope = ui.input(
            desk.say("门店号,或 chain", "Store's number, or chain"), value=held["scope"].partition(":")[2] or feed.CHAIN
        )
        for box in (name, scope):
            box.set_enabled(not row)
        title = [
            ui.input(f"{desk.say('标题', 'Title')} {tongue}", value=held["title"][n])
            for n, tongue in enumerate(("中文", "English"))
        ]
        line = [
            ui.input(f"{desk.say('小字', 'Small line')} {tongue}", value=held["line"][n])
            for n, tongue in enumerate(("中文", "English"))
        ]
        surface = ui.select(
            {key: desk.word(word) for key, word in _SURFACES.items()}, value=held.get("surface", "display")
        )
        audience = ui.select(
            {key: desk.word(word) for key, word in _AUDIENCES.items()}, value=held.get("audience", "guest")
        )
        days = ui.select({n: desk.word(word) for n, word in enumerate(_DAYS, 1)}, value=held["weekdays"], multiple=True)
        days.props(f'use-chips label="{desk.say("星期(不选为每天)", "Weekdays (none for every day)")}"')
        least = ui.input(desk.say("单金额至少", "Ticket of at least"), value=str(Money(held.get("least", 0))))
        order = ui.number(
            desk.say("顺序(小的先说)", "Order (the smallest speaks)"), value=held["place"], min=0, max=9_999
        )
        until = ui.input(
            desk.say("到(不填为一直)", "Until (empty: without end)"), value=desk.time(held.get("ends", 0), _TYPED)
        )
        until.props('mask="####-##-## ##:##" placeholder="YYYY-MM-DD HH:MM" stack-label')
        for box in (name, scope, *title, *line, surface, audience, days, least, until, order):
            box.props("outlined dense").classes("w-full")

        async def save() -> None:
            try:
                said = HookRow(
                    (title[0].value.strip(), title[1].value.strip()),
                    (line[0].value.strip(), line[1].value.strip()),
                    surface.value,
                    audience.value,
                    sorted(days.value or []),
                    Money.parse(least.value or "0").fen,
                    held.get("most", 0),
                    place=int(order.value or 0),
                )
                need_words(said)
                period = offers.Period(rfc3339(held["starts"]) if held.get("starts") else None, until.value or None)
                given = (desk.hq.database, desk.hq.clock, name.value.strip(), said)
                await desk.act(f"hook {name.value}", offers.add_hook, *given, store=scope.value.strip(), period=period)
            except PosError as error:
                tell(desk, error)
                return
            dialog.close()
            await show()

        async def remove() -> None:
            await desk.act(f"hook {row['id']} removed", offers.remove_hook, desk.hq.database, row["id"], scope.value)
            dialog.close()
            await show()

        with ui.row().classes("w-full justify-end"):
            if row:
                ui.button(desk.say("删除", "Remove"), on_click=remove).props("flat no-caps color=negative")
            ui.button(desk.say("取消", "Cancel"), on_click=dialog.close).props("flat no-caps")
            ui.button(desk.say("保存", "Save"), on_click=save).props("no-caps unelevated")


def need_words(row: HookRow) -> None:
    """Both languages, none too long. Raises PosError text_too_long, bad_name."""
    for text in (*row.title, *row.line):
        if len(text) > offers.LONGEST_LINE:
            raise PosError("text_too_long", most=offers.LONGEST_LINE)
    if not all(row.title):
        raise PosError("bad_name", most=offers.LONGEST_LINE)


PAGE = Page(
    "/hooks",
    ("入会文案", "Hooks"),
    "campaign",
    frozenset({users.STORE, users.REGION, users.OPERATIONS}),
    build,
    "words",
)

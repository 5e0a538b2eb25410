"""The frame around every page: its name, the menu, the time of its data, language, light and dark, leaving."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from nicegui import ui

from posapp.errors import PosError
from posapp.hq.console import users
from posapp.hq.console.desk import Both, Desk
from posapp.hq.console.gate import MOUNT, SIGN_IN, SIGN_OUT
from posapp.hq.console.look import AMBER, BLUE, CSS, GREEN, RED

_LOOKS = {"auto": ("brightness_auto", None), "light": ("light_mode", False), "dark": ("dark_mode", True)}
_LOOK_NAMES = {"auto": ("跟随系统", "As the system"), "light": ("浅色", "Light"), "dark": ("深色", "Dark")}
GROUPS = {
    "today": ("经营", "Business"),
    "guests": ("会员", "Members"),
    "words": ("触达", "Reaching out"),
    "house": ("系统", "The house"),
}
_LEAVING_S = 60


@contextmanager
def framed(desk: Desk) -> Iterator[ui.column]:
    """What is made inside stands on the page."""
    ui.add_css(CSS)
    ui.colors(primary="#0a6147", secondary=BLUE, positive=GREEN, negative=RED, warning=AMBER)
    ui.dark_mode(_LOOKS[desk.user.look][1])
    ui.page_title(f"{desk.word(desk.page.name)} · {desk.say('总部', 'Headquarters')}")
    # The drawer is closed on phones and open beside wider pages.
    with ui.left_drawer(value=False if desk.page.is_wall else None, bordered=False).classes("side") as drawer:
        drawer.props("width=220 breakpoint=900")
        _menu(desk)
    with ui.header().classes("bar"):
        menu = ui.button(icon="menu", on_click=drawer.toggle).props("flat round color=inherit")
        menu.props(f'aria-label="{desk.say("菜单", "Menu")}"')
        ui.label(desk.word(desk.page.name)).classes("title").props("role=heading aria-level=1")
        ui.space()
        when = ui.label().classes("when")
        when.set_text(f"{desk.say('数据时间', 'Data of')} {desk.time(desk.now, '%m-%d %H:%M:%S')}")
        _person(desk)
    with ui.column().classes("sheet wall" if desk.page.is_wall else "sheet") as sheet:
        yield sheet
    ui.timer(_LEAVING_S, lambda: _leave_if_ended(desk))


async def _leave_if_ended(desk: Desk) -> None:
    if not await desk.is_there():
        ui.navigate.to(SIGN_IN)


def _menu(desk: Desk) -> None:
    for group, name in GROUPS.items():
        here = [page for page in desk.pages if page.group == group and desk.user.role in page.roles]
        if here:
            ui.label(desk.word(name)).classes("group")
        for page in here:
            with ui.link(target=page.path).classes("here" if page is desk.page else ""):
                ui.icon(page.icon, size="22px")
                ui.label(desk.word(page.name))


def _person(desk: Desk) -> None:
    with ui.button(icon="account_circle").props("flat round color=inherit") as button:
        button.props(f'aria-label="{desk.say("我", "Me")}"')
        with ui.menu().props("auto-close"), ui.column().classes("p-3 gap-1 min-w-52"):
            ui.label(desk.user.name).classes("heading")
            stores = "" if desk.user.stores is None else " " + ", ".join(map(str, sorted(desk.user.stores)))
            ui.label(desk.word(users.ROLES[desk.user.role]) + stores).classes("quiet")
            other = "zh" if desk.is_english else "en"
            _choice(desk, "中文" if desk.is_english else "English", "translate", language=other)
            for look, (icon, _) in _LOOKS.items():
                if look != desk.user.look:
                    _choice(desk, desk.word(_LOOK_NAMES[look]), icon, look=look)
            with ui.element("form").props(f'method="post" action="{MOUNT}{SIGN_OUT}"').classes("w-full"):
                ui.button(desk.say("退出", "Sign out"), icon="logout").props(
                    "flat no-caps align=left color=inherit type=submit"
                ).classes("w-full")


def _choice(desk: Desk, name: str, icon: str, **change: str) -> None:
    async def chosen() -> None:
        held = {"language": desk.user.language, "look": desk.user.look, **change}

        def write() -> None:
            with desk.hq.database.transaction() as conn:
                users.set_look(conn, desk.user.name, **held)

        await desk.act("", write)
        ui.navigate.reload()

    ui.button(name, icon=icon, on_click=chosen).props("flat no-caps align=left color=inherit").classes("w-full")


def tell(desk: Desk, error: PosError) -> None:
    """Say what went wrong where the person looks; who is signed out goes to the door."""
    if error.code == "signed_out":
        ui.navigate.to(SIGN_IN)
        return
    ui.notify(desk.told(error), type="warning", position="top", timeout=6_000)


async def tried(desk: Desk, what: str, work: Callable[..., object], *given: Any) -> bool:
    """Do something; whether it went, or was said why not."""
    try:
        await desk.act(what, work, *given)
    except PosError as error:
        tell(desk, error)
        return False
    return True


def foot(desk: Desk, dialog: Any, done: Any, word: Both = ("保存", "Save"), leave: Both = ("取消", "Cancel")) -> None:
    """The last row of a dialog: leave it, or do what it asks."""
    with ui.row().classes("w-full justify-end"):
        ui.button(desk.say(*leave), on_click=dialog.close).props("flat no-caps")
        ui.button(desk.say(*word), on_click=done).props("no-caps unelevated")


def go(path: str) -> Callable[[], None]:
    """What opens a page of the console when something is pressed."""
    return lambda: ui.navigate.to(path)  # NiceGUI puts where we are mounted before it

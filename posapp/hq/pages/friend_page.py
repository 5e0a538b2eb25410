"""The page of a code that leads into WeCom: the clerk's own code or the city's group, to be held down."""

from __future__ import annotations

import json

from sqlalchemy import Connection, select
from starlette.responses import Response

from posapp.hq.joining.codes import Code
from posapp.hq.pages import sheet
from posapp.hq.pages.browser import Visit
from posapp.hq.running import Hq
from posapp.hq.wecom.tables import contact_way, group_way

CLERK, GROUP = "clerk", "group"


def content_of(conn: Connection, target: str, code: Code) -> str:
    """What WeCom's code says: of the token's clerk, or of the group for its store; "" where there is none."""
    store = code.token.store
    if target == GROUP:
        groups = conn.execute(select(group_way.c.content, group_way.c.stores)).all()
        return next((str(row.content) for row in groups if row.content and store in json.loads(row.stores)), "")
    live = (contact_way.c.revoked == 0, contact_way.c.content != "", contact_way.c.clerk == code.token.clerk)
    rows = conn.execute(select(contact_way.c.channel, contact_way.c.content).where(*live)).all()
    ways = {row.channel: str(row.content) for row in rows}
    return ways.get(code.token.channel) or ways.get("badge") or next(iter(ways.values()), "")


def show(hq: Hq, visit: Visit, shop: str, target: str, content: str, path: str) -> Response:
    """The code as a picture and as a link, and the way to membership without it."""
    say = visit.say
    is_group = target == GROUP
    title = say("加入社群", "Join the group") if is_group else say("添加专属店员", "Add your clerk")
    hold = say("长按二维码,识别后添加", "Hold the code down and recognise it")
    body = sheet.section(
        sheet.words("h1", title),
        sheet.qr(content, title),
        sheet.words("p", hold),
        sheet.link(content, say("在微信里打开", "Open in WeChat"), "button"),
        sheet.link(f"{path}?form=1", say("只入会,不添加", "Only become a member"), "button plain"),
    )
    return sheet.answer(visit, hq.chance, shop or title, body)

"""`posapp hq flow add|list|preview|pause|resume` and `posapp hq report flow`: what reaches members by itself."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from functools import partial
from typing import Any

from posapp.hq import feed, people
from posapp.hq.care.scripts import SCENES
from posapp.hq.flows import flowing, plans
from posapp.hq.flows.reaching import BEEN, FULL, HOLDOUT, LATELY, REFUSED, TREATED, UNREACHABLE
from posapp.hq.flows.report import report, report_text
from posapp.hq.joining.offers import Period
from posapp.hq.members import wishes
from posapp.hq.members.commands import from_zero, means_of, say, say_rows
from posapp.hq.office import Office
from posapp.rules.rfm import SEGMENTS, SLEEPING

Command = Callable[[Any, str, Callable[[argparse.Namespace], int | None], str], Any]


def add(command: Command, group: Callable[[str, str], Any], reports: Any) -> None:
    """Add these commands to those of `posapp hq`."""
    flows = group("flow", "what reaches members by itself: a text, a benefit, a hint at the till, a lead")
    new = command(flows, "add", _add, "begin a flow: each member of the segment once, for ever")
    new.add_argument("id")
    new.add_argument("name", metavar="中文/English")
    new.add_argument("--segment", default=SLEEPING, help=f"{', '.join(SEGMENTS)} (default: %(default)s)")
    new.add_argument("--away", default="0", metavar="DAYS", help="at least so many days since the last purchase")
    new.add_argument("--store", action="append", default=[], help="may be given again (default: every store)")
    new.add_argument("--text", default="", metavar="中文/English", help="an offer by text message, with consent only")
    new.add_argument("--link", default="", metavar="https://...", help="in the text message")
    new.add_argument("--off", default="", metavar="AMOUNT", help="a benefit: an amount off one ticket")
    new.add_argument("--gift", default="", metavar="ARTICLE", help="a benefit: an article for nothing")
    new.add_argument("--gift-name", default="", metavar="中文/English", help="what the benefit is called")
    new.add_argument("--least", default="0", metavar="AMOUNT", help="of a ticket that comes to so much")
    new.add_argument("--gift-days", default="30", help="how long the benefit holds, 0 without end (default: 30)")
    new.add_argument("--hint", default="", metavar="SCENE", help=f"a hint at the till: {', '.join(SCENES)}")
    new.add_argument("--days", default="14", help="how long the hint is shown (default: %(default)s)")
    new.add_argument("--lead", default="", metavar="中文/English", help="something for the store to do")
    new.add_argument("--script", default="", metavar="中文/English", help="one line to say with it")
    new.add_argument("--lead-days", default="3", help="within so many days (default: %(default)s)")
    new.add_argument("--holdout", default="10", metavar="PERCENT", help="left alone, to compare (default: 10)")
    new.add_argument("--a-day", default="0", metavar="N", help="reach at most so many a day (default: any number)")
    new.add_argument("--apart", default="30", metavar="DAYS", help="from any other flow's contact (default: 30)")
    new.add_argument(
        "--at", default="10", metavar="HOUR", help="when it picks; with texts 9 to 20 (default: %(default)s)"
    )
    new.add_argument("--from", dest="starts", metavar="INSTANT", help="default: now")
    new.add_argument("--until", dest="ends", metavar="INSTANT", help="default: until it is paused")
    command(flows, "list", _list, "every flow").add_argument("--json", action="store_true")
    seen = command(flows, "preview", _preview, "how many it would reach now, by arm; nothing is done")
    seen.add_argument("id")
    seen.add_argument("--json", action="store_true")
    command(flows, "pause", partial(_move, flowing.pause), "reach nobody; its hints are withdrawn").add_argument("id")
    command(flows, "resume", partial(_move, flowing.resume), "let a paused flow go on").add_argument("id")
    told = command(reports, "flow", _report, "a flow's wake rate beside its holdout's, and what became of its steps")
    told.add_argument("id")
    told.add_argument("--json", action="store_true")


def _add(args: argparse.Namespace) -> None:
    days = partial(from_zero, most=plans.MOST_DAYS)
    wanted = plans.Wanted(
        args.segment,
        days(args.away),
        args.store,
        args.text,
        args.link,
        args.gift,
        args.off,
        args.gift_name,
        args.least,
        days(args.gift_days),
        args.hint,
        people.whole(args.days, plans.MOST_DAYS),
        args.lead,
        args.script,
        people.whole(args.lead_days, plans.MOST_DAYS),
        from_zero(args.holdout, plans.MOST_HOLDOUT),
        from_zero(args.a_day, plans.MOST_A_DAY),
        days(args.apart),
        from_zero(args.at, plans.LATEST_HOUR),
        Period(args.starts, args.ends),
    )
    with Office(args) as office:
        plans.add(office.database, office.clock, args.id, args.name, wanted)


_STATES = {"running": "进行中", "paused": "已暂停", "coming": "未开始", "over": "已结束"}


def _list(args: argparse.Namespace) -> None:
    with Office(args) as office:
        rows = plans.listed(office.database, office.clock)
    say_rows(args, rows, _cells)


def _cells(row: dict[str, Any], place: int) -> list[Any]:
    state = row["state"] if place else _STATES[row["state"]]
    counts = "reached {contacted}, held out {held_out}" if place else "已触达 {contacted},对照 {held_out}"
    segment, steps = SEGMENTS[row["segment"]][place], " ".join(row["steps"])
    return [row["id"], state, segment, row["name"][place], steps, counts.format(**row)]


_COUNTS = {
    TREATED: ("触达", "would be reached"),
    HOLDOUT: ("对照组,不触达", "held out"),
    BEEN: ("这个流程已处理过", "had this flow before"),
    LATELY: ("近期已被触达", "reached a short while ago"),
    REFUSED: ("不接受个性化", "want nothing by what is known of them"),
    UNREACHABLE: ("没有可用的触达方式", "no step can reach them"),
    FULL: ("超过每日上限", "beyond the day's number"),
}


def _preview(args: argparse.Namespace) -> None:
    with Office(args) as office, office.database.reading() as conn:
        means = means_of(office)
        seen = flowing.preview(conn, means, args.id, partial(wishes.may_send, office.clock))
        counts = {name: seen.counts.get(name, 0) for name in _COUNTS}
    if args.json:
        say(json.dumps({"flow": args.id, **counts}))
        return
    for name, number in counts.items():
        if number or name in (TREATED, HOLDOUT):
            say(f"{_COUNTS[name][args.language == 'en']}: {number}")


def _move(move: Any, args: argparse.Namespace) -> None:
    with Office(args) as office, office.database.transaction() as conn:
        feed.publish(conn, move(conn, args.id, office.clock.now_ms()))


def _report(args: argparse.Namespace) -> None:
    with Office(args) as office, office.database.reading(snapshot=True) as conn:
        told = report(conn, args.id, office.clock.now_ms())
        zone = people.settings_of(conn, feed.CHAIN).time_zone
    say(json.dumps(told, ensure_ascii=False) if args.json else report_text(told, zone, args.language))

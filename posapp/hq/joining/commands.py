"""`posapp hq campaign|hook|route|pack|code|report joins`: what joining gives, says and counts."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from posapp.errors import PosError
from posapp.hq import enrol, feed, people
from posapp.hq.joining import codes, offers, report
from posapp.hq.joining.tables import static_code
from posapp.hq.members.commands import from_zero, say, say_rows
from posapp.hq.members.tiers import MOST_POINTS, pair
from posapp.hq.office import Office
from posapp.hq.tables import store
from posapp.money import Money
from posapp.rules.join_token import LENGTH, PATH, read
from posapp.settings import WEEKDAYS
from posapp.streams import HookRow

Command = Callable[[Any, str, Callable[[argparse.Namespace], int | None], str], Any]
KINDS = ("stand", "badge", "event")
LARGEST_PLACE = 9_999


def add(command: Command, group: Callable[[str, str], Any], reports: Any) -> None:
    """Add these commands to those of `posapp hq`."""
    campaigns = group("campaign", "what joining gives")
    new = command(campaigns, "add", _campaign_add, "begin a campaign: each new member gets it once")
    new.add_argument("id")
    new.add_argument("name", metavar="中文/English")
    new.add_argument("--gift", metavar="ARTICLE", default="", help="an article for nothing")
    new.add_argument("--off", metavar="AMOUNT", default="", help="an amount off one ticket")
    new.add_argument("--least", metavar="AMOUNT", default="0", help="of a ticket that comes to so much")
    new.add_argument("--budget", metavar="N", help="how many there are (default: without end)")
    new.add_argument("--store", action="append", default=[], help="may be given again (default: every store)")
    new.add_argument("--days", default="0", help="days in which each one may be used (default: without end)")
    _period(new)
    command(campaigns, "list", _campaign_list, "every campaign").add_argument("--json", action="store_true")
    command(campaigns, "stop", _campaign_stop, "end a campaign; what was given stays").add_argument("id")

    hooks = group("hook", "words around join codes")
    said = command(hooks, "add", _hook_add, "say something, or change it; {saving}, {points}, {gift} are filled in")
    said.add_argument("id")
    said.add_argument("title", metavar="中文/English")
    said.add_argument("--line", default="", metavar="中文/English")
    said.add_argument("--surface", default="display", help="display or receipt (default: %(default)s)")
    said.add_argument("--audience", default="guest", help="guest or member (default: %(default)s)")
    said.add_argument("--weekdays", default="", metavar="'wed sat'", help="default: every day")
    said.add_argument("--from-amount", default="0", metavar="AMOUNT", help="of tickets of at least so much")
    said.add_argument("--to-amount", default="0", metavar="AMOUNT", help="of tickets of at most so much")
    said.add_argument("--order", default="100", help="the smallest that fits speaks (default: %(default)s)")
    said.add_argument("--store", default=feed.CHAIN)
    _period(said)
    command(hooks, "list", _hook_list, "every hook").add_argument("--json", action="store_true")
    gone = command(hooks, "remove", _hook_remove, "say it no more")
    gone.add_argument("id")
    gone.add_argument("--store", default=feed.CHAIN)

    led = command(group("route", "where join codes lead"), "set", _route, "where a store's codes of a channel lead")
    led.add_argument("store", metavar="STORE|chain")
    led.add_argument("channel", metavar="CHANNEL|all")
    led.add_argument("target", help="join, clerk, group or https://...")

    packs = group("pack", "join packs")
    packed = command(packs, "set", _pack_set, "an article that is a join pack")
    packed.add_argument("article")
    packed.add_argument("parts", nargs="+", metavar="PART=QTY")
    packed.add_argument("--points", default="0")
    command(packs, "stop", _pack_stop, "the article is a join pack no more").add_argument("article")

    _add_codes(command, group("code", "join codes that are printed once"))
    day = command(reports, "joins", _joins, "who joined in a store on a day, by clerk and channel")
    day.add_argument("--store", required=True)
    day.add_argument("--date", help="YYYY-MM-DD (default: the store's business date now)")
    day.add_argument("--json", action="store_true")
    day.add_argument("--export", metavar="FILE.csv", help="counts alone, none of fewer than five persons")


def _add_codes(command: Command, made: Any) -> None:
    for kind in KINDS:
        one = command(made, kind, _code, f"the link of a {kind}'s code; asked again it is the same")
        one.set_defaults(kind=kind)
        one.add_argument("--store", required=True)
        one.add_argument("--till")
        one.add_argument("--clerk")
        one.add_argument("--label", default="")
    command(made, "revoke", _code_revoke, "a code opens nothing any more").add_argument("code", metavar="CODE|LINK")


def _period(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="starts", metavar="INSTANT", help="default: now")
    parser.add_argument("--until", dest="ends", metavar="INSTANT", help="default: until it is stopped")


def _campaign_add(args: argparse.Namespace) -> None:
    budget = people.whole(args.budget, offers.MOST_BUDGET) if args.budget else offers.WITHOUT_END
    promise = offers.Promise(args.name, args.gift, args.off, args.least)
    with Office(args) as office:
        offers.add_campaign(
            office.database,
            office.clock,
            args.id,
            promise,
            budget=budget,
            stores=args.store,
            period=offers.Period(args.starts, args.ends),
            days=from_zero(args.days, offers.MOST_DAYS),
        )


_STATES = {"running": "进行中", "coming": "未开始", "over": "已结束", "used_up": "已送完"}


def _campaign_list(args: argparse.Namespace) -> None:
    with Office(args) as office:
        rows = offers.campaigns(office.database, office.clock)
    say_rows(args, rows, _campaign_cells)


def _campaign_cells(row: dict[str, Any], place: int) -> list[Any]:
    state = row["state"] if place else _STATES[row["state"]]
    left = "-" if row["left"] is None else row["left"]
    counts = f"given {row['given']}, left {left}" if place else f"已送 {row['given']},剩余 {left}"
    return [row["id"], state, row["name"][place], row["article"] or row["amount"], counts]


def _campaign_stop(args: argparse.Namespace) -> None:
    with Office(args) as office:
        offers.stop_campaign(office.database, office.clock, args.id)


def _hook_add(args: argparse.Namespace) -> None:
    words = args.weekdays.lower().split()
    for word in words:
        if word not in WEEKDAYS:
            raise PosError("bad_choice", value=word[:20], values=", ".join(WEEKDAYS))
    row = HookRow(
        pair(args.title, offers.LONGEST_LINE),
        pair(args.line, offers.LONGEST_LINE) if args.line else ("", ""),
        args.surface,
        args.audience,
        sorted({WEEKDAYS.index(word) + 1 for word in words}),
        Money.parse(args.from_amount).fen,
        Money.parse(args.to_amount).fen,
        place=from_zero(args.order, LARGEST_PLACE),
    )
    with Office(args) as office:
        period = offers.Period(args.starts, args.ends)
        offers.add_hook(office.database, office.clock, args.id, row, store=args.store, period=period)


def _hook_list(args: argparse.Namespace) -> None:
    with Office(args) as office:
        rows = offers.hooks(office.database)
    say_rows(args, rows, lambda row, en: [row["scope"], row["id"], row.get("surface", "display"), row["title"][en]])


def _hook_remove(args: argparse.Namespace) -> None:
    with Office(args) as office:
        offers.remove_hook(office.database, args.id, args.store)


def _route(args: argparse.Namespace) -> None:
    with Office(args) as office:
        offers.set_route(office.database, office.clock, args.store, args.channel, args.target)


def _pack_set(args: argparse.Namespace) -> None:
    extra = from_zero(args.points, MOST_POINTS)
    with Office(args) as office:
        offers.set_pack(office.database, office.clock, args.article, args.parts, extra)


def _pack_stop(args: argparse.Namespace) -> None:
    with Office(args) as office:
        offers.stop_pack(office.database, args.article)


def _code(args: argparse.Namespace) -> None:
    number = people.whole(args.store, enrol.LARGEST_STORE)
    till = people.whole(args.till, enrol.LARGEST_TILL) if args.till else 0
    clerk = people.whole(args.clerk, people.LARGEST_CLERK) if args.clerk else 0
    label = offers.label_of(args.label)
    if args.kind == "badge" and not clerk:
        raise PosError("bad_usage", usage="posapp hq code badge --store STORE --clerk NUMBER")
    with Office(args) as office, office.database.transaction() as conn:
        if conn.scalar(select(store.c.number).where(store.c.number == number)) is None:
            raise PosError("no_such_store", store=number)
        address = people.settings_of(conn, feed.store_scope(number)).join_address
        if not address:
            raise PosError("no_join_address")
        text = codes.make_static(
            conn,
            office.keys,
            args.kind,
            office.clock.now_ms(),
            store=number,
            till=till,
            clerk=clerk,
            label=label,
        )
    say(f"{address}{PATH}{text}")


def _code_revoke(args: argparse.Namespace) -> None:
    read(args.code)
    text = args.code.strip().upper()[-LENGTH:]
    with Office(args) as office, office.database.transaction() as conn:
        ended = (
            update(static_code)
            .where(static_code.c.token == text, static_code.c.revoked == 0)
            .values(revoked=office.clock.now_ms())
            .returning(static_code.c.token)
        )
        if conn.execute(ended).first() is None:
            raise PosError("not_found", what=text)


def _joins(args: argparse.Namespace) -> None:
    number = people.whole(args.store, enrol.LARGEST_STORE)
    with Office(args) as office:
        told = report.joins(office.database, office.clock, number, args.date)
        with office.database.reading() as conn:
            zone = people.settings_of(conn, feed.store_scope(number)).time_zone
    if args.export:
        try:
            Path(args.export).write_text(report.joins_export(told), "utf-8-sig")
        except OSError:
            raise PosError("cannot_write", file=args.export) from None
        sys.stdout.flush()
    say(json.dumps(told, ensure_ascii=False) if args.json else report.joins_text(told, zone, args.language))

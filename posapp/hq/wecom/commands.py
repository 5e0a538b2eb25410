"""`posapp hq wecom ...`: the account, the clerks' codes, customers handed over, groups, whether the counts agree."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from posapp.errors import PosError
from posapp.hq import enrol, people
from posapp.hq.gateways.wecom import UNREACHABLE, URL, WecomError
from posapp.hq.members.commands import say
from posapp.hq.office import Office
from posapp.hq.wecom import account, figures, groups, transfers, ways

Command = Callable[[Any, str, Callable[[argparse.Namespace], int | None], str], Any]

_SECRETS = ("secret", "token", "aes_key")


def add(command: Command, group: Callable[[str, str], Any]) -> None:
    """Add these commands to those of `posapp hq`."""
    room = group("wecom", "WeCom (企业微信): clerks' codes and customers")
    told = (
        "set the account up. The application's secret, the callback's token and its EncodingAESKey are asked for, or"
        " read from a pipe in this order, a line each; HQ has to be started again"
    )
    account_ = command(room, "set", _set, told)
    account_.add_argument("--corp", required=True, metavar="ID", help="the company's id in WeCom")
    account_.add_argument("--join-url", required=True, metavar="URL", help="what stands before /j/ in join links")
    account_.add_argument("--url", default=URL, help="WeCom's server (default: %(default)s)")
    account_.add_argument("--agent", default="", metavar="ID", help="the application's AgentId, for the sidebar's page")
    account_.add_argument("--greeting", default=account.GREETING, help="with {link} (default: %(default)s)")

    status = command(room, "status", _status, "codes, clerks without one, customers, events that wait or failed")
    status.add_argument("--json", action="store_true")
    hired = command(room, "hire", _hire, "say who a clerk is in WeCom, and make the codes of badge, display, receipt")
    hired.add_argument("number")
    hired.add_argument("userid")
    command(room, "codes", _codes, "make, renew and take back codes now; HQ's server does so every minute")
    given = command(room, "transfer", _transfer, "hand a clerk's customers over; the first add's credit stays")
    given.add_argument("giver", metavar="FROM")
    given.add_argument("taker", metavar="TO")
    city = command(room, "group", _group, "the code of a city's group, on the receipts of its stores")
    city.add_argument("city")
    city.add_argument("name", help="of the groups that WeCom opens when one is full, at most 40 characters")
    city.add_argument("--chats", required=True, metavar="ID,ID", help="up to five groups to begin with")
    city.add_argument("--stores", required=True, metavar="N,N")
    day = command(room, "reconcile", _reconcile, "a day's adds and deletions by clerk, ours beside WeCom's")
    day.add_argument("date", metavar="YYYY-MM-DD")


class _Desk:
    """HQ opened for a command that calls WeCom; what WeCom says becomes a sentence."""

    def __init__(self, args: argparse.Namespace) -> None:
        known = account.load(Path(args.data))
        if known is None:
            raise PosError("wecom_not_set")
        self.office = Office(args)
        self.wecom = known.client(self.office.clock)

    def __enter__(self) -> _Desk:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self.office.database.close()
        if isinstance(error, WecomError):
            if error.errcode == UNREACHABLE:
                raise PosError("wecom_away") from None
            raise PosError("wecom_refused", errcode=error.errcode) from None

    @property
    def ways(self) -> ways.Ways:
        office = self.office
        return ways.Ways(office.database, office.keys, office.clock, office.chance, self.wecom)


def _set(args: argparse.Namespace) -> None:
    secrets = {name: _secret(name) for name in _SECRETS}
    told = {"corp_id": args.corp, "join_url": args.join_url, "url": args.url, "greeting": args.greeting}
    new = account.Account(**told, agent=args.agent, **secrets)
    with Office(args):  # its keys lie in the same folder
        account.save(Path(args.data), new)


def _secret(name: str) -> str:
    try:
        return getpass.getpass(f"{name}: ").strip() if sys.stdin.isatty() else sys.stdin.readline().strip()
    except EOFError:
        return ""


def _status(args: argparse.Namespace) -> None:
    known = account.load(Path(args.data))
    with Office(args) as office:
        told = figures.standing(office.database)
        told["acquisition"] = groups.quota(office.database)
        told["groups"] = groups.counts(office.database)
        told["set"] = known is not None
    say(json.dumps(told, ensure_ascii=False) if args.json else _status_text(told, args.language))


def _status_text(told: dict[str, Any], language: str) -> str:
    english = language == "en"
    lines = [
        f"codes in use: {told['codes']}" if english else f"在用的码: {told['codes']}",
        f"customers: {told['relations']}" if english else f"客户关系: {told['relations']}",
        (
            f"events waiting: {told['events_waiting']}, failed: {told['events_failed']}"
            if english
            else f"待处理事件: {told['events_waiting']}, 失败: {told['events_failed']}"
        ),
        f"acquisition links: {told['acquisition']}" if english else f"获客助手余量: {told['acquisition']}",
    ]
    lines += [f"{city}: {count}" for city, count in told["groups"].items()]
    lines += [
        f"{one['clerk']} {one['name']}: "
        + (f"not opened in WeCom ({one['trouble']})" if english else f"企业微信未开通 ({one['trouble']})")
        for one in told["not_opened"]
    ]
    if not told["set"]:
        lines.append("no account: posapp hq wecom set" if english else "还没有设置账号: posapp hq wecom set")
    return "\n".join(lines)


def _hire(args: argparse.Namespace) -> None:
    number = people.whole(args.number, people.LARGEST_CLERK)
    with _Desk(args) as desk:
        ways.hire(desk.office.database, number, args.userid)
        desk.ways.settle(at_once=True)


def _codes(args: argparse.Namespace) -> None:
    with _Desk(args) as desk:
        desk.ways.settle(at_once=True)
        told = figures.standing(desk.office.database)
    say(f"{told['codes']}")


def _transfer(args: argparse.Namespace) -> int:
    giver = people.whole(args.giver, people.LARGEST_CLERK)
    taker = people.whole(args.taker, people.LARGEST_CLERK)
    with _Desk(args) as desk:
        asked = transfers.transfer(desk.office.database, desk.office.clock, desk.wecom, giver, taker)
    say(json.dumps({"moving": asked.moving, "refused": asked.refused}))
    return 0 if not asked.refused else 1


def _group(args: argparse.Namespace) -> None:
    stores = [people.whole(text, enrol.LARGEST_STORE) for text in args.stores.split(",")]
    chats = [text for text in args.chats.split(",") if text]
    if not 1 <= len(chats) <= 5:
        raise PosError("bad_usage", usage="--chats ID,ID (1-5)")
    city, name = people.plain_name(args.city, 30), people.plain_name(args.name, 40)
    with _Desk(args) as desk:
        with desk.office.database.reading() as conn:
            for number in stores:
                people.scope_of(conn, str(number))
        desk.ways.add_group(city, name, chats, stores)


def _reconcile(args: argparse.Namespace) -> int:
    with _Desk(args) as desk:
        rows = figures.reconcile(desk.office.database, desk.office.clock, desk.wecom, args.date)
    for row in rows:
        say(msgspec.json.encode(row).decode())
    agree = all(row["new"] == row["new_wecom"] and row["deleted"] == row["deleted_wecom"] for row in rows)
    return 0 if agree else 1

"""`posapp hq lead add|list|close`, `posapp hq import leads`, `posapp hq feedback list|answer|assign|owner`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from posapp.clock import parse_instant
from posapp.hq import feed, people
from posapp.hq.care.owners import need_clerk
from posapp.hq.enrol import LARGEST_STORE
from posapp.hq.members.commands import import_options, means_of, say, say_report, say_rows, who
from posapp.hq.members.desk import who_is
from posapp.hq.office import Office
from posapp.hq.people import settings_of
from posapp.hq.tasks import feedback, imports, leads

Command = Callable[[Any, str, Callable[[argparse.Namespace], int | None], str], Any]


def add(command: Command, group: Callable[[str, str], Any], imports_: Any) -> None:
    """Add these commands to those of `posapp hq`."""
    made = group("lead", "what a store is to do about a member")
    new = command(made, "add", _lead_add, "give a store something to do about a member; prints its id")
    new.add_argument("member", metavar="CARD|REF")
    new.add_argument("title", metavar="中文/English")
    new.add_argument("--store", required=True)
    new.add_argument("--due", required=True, metavar="INSTANT", help="the store's time without an offset")
    new.add_argument("--clerk", help="who is to do it (default: whoever is there)")
    new.add_argument("--script", default="", metavar="中文/English", help="one line to say")
    told = command(made, "list", _lead_list, "leads and what became of them; one that is overdue says so")
    told.add_argument("--store")
    told.add_argument("--json", action="store_true")
    command(made, "close", _lead_close, "a lead is to be done no more").add_argument("id")

    taken = command(imports_, "leads", _import, "leads from a CSV or XLSX file")
    taken.add_argument("file")
    taken.add_argument("--store", help="the store of rows that name none")
    import_options(taken, "member")

    said = group("feedback", "what customers said in the shops")
    items = command(said, "list", _feedback_list, "items, those that are due first at the front")
    items.add_argument("--store")
    items.add_argument("--waiting", action="store_true", help="only those that nobody answered")
    items.add_argument("--json", action="store_true")
    answered = command(said, "answer", _answer, "answer an item; the clerks of the store see it")
    answered.add_argument("id")
    answered.add_argument("text")
    given = command(said, "assign", _assign, "somebody else answers an item")
    given.add_argument("id")
    given.add_argument("owner")
    owner = command(said, "owner", _owner, "who answers a category from now on")
    owner.add_argument("category", metavar=f"{'|'.join(feedback.CATEGORIES)}|any")
    owner.add_argument("owner")
    owner.add_argument("--hours", default=str(feedback.DEFAULT_HOURS), help="within so many (default: %(default)s)")


# --- leads ---


def _lead_add(args: argparse.Namespace) -> None:
    store = people.whole(args.store, LARGEST_STORE)
    clerk = people.whole(args.clerk, people.LARGEST_CLERK) if args.clerk else 0
    title, script = leads.words_of(args.title), leads.words_of(args.script) if args.script else ("", "")
    with Office(args) as office, office.database.transaction() as conn:
        means = means_of(office)
        if clerk:
            need_clerk(conn, clerk)
        due = parse_instant(args.due, settings_of(conn, feed.store_scope(store)).time_zone)
        id_ = leads.add_lead(
            conn,
            means,
            ref=who_is(conn, means, args.member),
            store=store,
            title=title,
            due=leads.in_time(due, means.now),
            clerk=clerk,
            script=script,
            source=who(),
        )
        feed.publish(conn, leads.lead_rows(conn, [id_], means.now))
    say(id_)


_LEAD_STATES = {
    "open": "待办",
    "overdue": "已逾期",
    "withdrawn": "暂停",
    "done": "已完成",
    "not_reached": "未联系上",
    "declined": "顾客谢绝",
    "closed": "已关闭",
}


def _lead_list(args: argparse.Namespace) -> None:
    store = people.whole(args.store, LARGEST_STORE) if args.store else 0
    with Office(args) as office, office.database.reading() as conn:
        rows = leads.listed(conn, store, office.clock.now_ms())
    say_rows(args, rows, _lead_cells)


def _lead_cells(row: dict[str, Any], place: int) -> list[Any]:
    state = row["state"] if place else _LEAD_STATES[row["state"]]
    return [row["id"], row["store"], row["due"][:16], state, row["title"][place]]


def _lead_close(args: argparse.Namespace) -> None:
    with Office(args) as office, office.database.transaction() as conn:
        now = office.clock.now_ms()
        leads.close(conn, args.id, who(), now)
        feed.publish(conn, leads.lead_rows(conn, [args.id], now))


def _import(args: argparse.Namespace) -> int:
    with Office(args) as office:
        report = imports.import_leads(
            office.database,
            means_of(office),
            Path(args.file),
            store=people.whole(args.store, LARGEST_STORE) if args.store else 0,
            mapping=Path(args.mapping) if args.mapping else None,
            dry_run=args.dry_run,
            source=who(),
        )
    return say_report(args, report)


# --- feedback ---

_FEEDBACK_STATES = {"open": "待答复", "overdue": "已逾期", "answered": "已答复", "kept": "已归档"}
_CATEGORIES = dict(zip(feedback.CATEGORIES, ("商品", "价格", "服务", "门店", "其他"), strict=True))


def _feedback_list(args: argparse.Namespace) -> None:
    store = people.whole(args.store, LARGEST_STORE) if args.store else 0
    with Office(args) as office, office.database.reading() as conn:
        rows = feedback.listed(conn, office.clock.now_ms(), store=store, waiting=args.waiting)
    if args.json:
        say(json.dumps(rows, ensure_ascii=False))
        return
    english = args.language == "en"
    for row in rows:
        state = row["state"] if english else _FEEDBACK_STATES[row["state"]]
        kind = row["category"] if english else _CATEGORIES[row["category"]]
        say(f"{row['id']}  {row['store']}  {row['due'][:16]}  {state}  {row['owner']}  {kind}: {row['text']}")
        if row["answer"]:
            say(f"    {row['answer']}")


def _answer(args: argparse.Namespace) -> None:
    with Office(args) as office, office.database.transaction() as conn:
        feedback.answer(conn, args.id, who(), args.text, office.clock.now_ms())
        feed.publish(conn, feedback.feedback_rows(conn, [args.id]))


def _assign(args: argparse.Namespace) -> None:
    with Office(args) as office, office.database.transaction() as conn:
        feedback.assign(conn, args.id, args.owner)
        feed.publish(conn, feedback.feedback_rows(conn, [args.id]))


def _owner(args: argparse.Namespace) -> None:
    hours = people.whole(args.hours, feedback.MOST_HOURS)
    with Office(args) as office, office.database.transaction() as conn:
        feedback.set_owner(conn, "" if args.category == "any" else args.category, args.owner, hours)

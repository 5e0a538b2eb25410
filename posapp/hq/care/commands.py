"""`posapp hq channel|tag|owner|title|timeline|import events`: what comes in of persons, and who looks after them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from posapp.clock import parse_instant
from posapp.hq import feed, people
from posapp.hq.care import channels, desk, owners, script_commands, tags, timeline, titles
from posapp.hq.care.event_file import import_events
from posapp.hq.care.hints import hint_rows
from posapp.hq.enrol import LARGEST_STORE
from posapp.hq.members.commands import from_zero, import_options, means_of, say, say_report, say_rows, who
from posapp.hq.members.desk import note_look, reason_of, who_is
from posapp.hq.members.tiers import pair
from posapp.hq.office import Office
from posapp.hq.vault import Vault

Command = Callable[[Any, str, Callable[[argparse.Namespace], int | None], str], Any]
_LONGEST_NAME = 40


def add(command: Command, group: Callable[[str, str], Any], imports: Any, reports: Any) -> None:
    """Add these commands to those of `posapp hq`."""
    taken = command(imports, "events", _import, "what happened online, from a CSV or XLSX file (docs/open-events.md)")
    taken.add_argument("file")
    taken.add_argument("--channel", required=True, metavar="NAME", help="whose events they are")
    import_options(taken, "phone", has_dry_run=False)

    doors = group("channel", "who may send events over HTTP")
    new = command(doors, "add", _channel_add, "let somebody in: prints the secret, this once")
    new.add_argument("name")
    new.add_argument("--scopes", default=channels.EVENTS, help="default: %(default)s")
    command(doors, "list", _channel_list, "every channel").add_argument("--json", action="store_true")
    command(doors, "revoke", _channel_revoke, "its secret opens nothing any more").add_argument("name")

    noted = group("tag", "what is noted of persons for a while")
    one = command(noted, "set", _tag_set, "note something of a person")
    _asked(one)
    one.add_argument("name")
    one.add_argument("value", nargs="?", default="", help="an article or a word")
    one.add_argument("--days", default="7", help="0: until it is taken off (default: %(default)s)")
    one.add_argument("--scene", default="", help="tell clerks of it in the words of this scene")
    off = command(noted, "remove", _tag_remove, "take a tag off a person")
    _asked(off)
    off.add_argument("name")
    held = command(noted, "list", _tag_list, "the tags of a person")
    _asked(held)
    held.add_argument("--json", action="store_true")
    _add_rules(command, noted)

    kept = group("owner", "which clerk looks after whom")
    own = command(kept, "set", _owner_set, "give a person to a clerk")
    _asked(own)
    own.add_argument("clerk")
    given = command(kept, "handover", _owner_handover, "give everybody of a clerk to another")
    given.add_argument("giver", metavar="FROM")
    given.add_argument("taker", metavar="TO")
    past = command(kept, "list", _owner_list, "who looked after a person, and when")
    _asked(past)
    past.add_argument("--json", action="store_true")
    credit = command(kept, "credit", _owner_credit, "whose sales are from now on; earlier ones stay as they were")
    credit.add_argument("rule", metavar="owner|seller|split")
    told = command(reports, "credit", _credit, "by clerk: what they rang up, and what is theirs by the rule for credit")
    told.add_argument("--store", help="default: the whole chain")
    told.add_argument("--from", dest="since", metavar="DATE", help="YYYY-MM-DD (default: the business date now)")
    told.add_argument("--to", dest="until", metavar="DATE", help="default: the same day as --from")
    told.add_argument("--json", action="store_true")

    badge = group("title", "titles that persons hold for a while")
    granted = command(badge, "grant", _title_grant, "give a person a title")
    _asked(granted)
    granted.add_argument("id")
    granted.add_argument("name", metavar="中文/English")
    granted.add_argument("--until", metavar="INSTANT", help="default: until it is taken back")
    back = command(badge, "revoke", _title_revoke, "take a title back")
    _asked(back)
    back.add_argument("id")
    every = command(badge, "list", _title_list, "the titles a person had")
    _asked(every)
    every.add_argument("--json", action="store_true")

    line = command(group("care", "what is known of a person"), "timeline", _timeline, "everything, newest first")
    _asked(line)
    line.add_argument("--reason", required=True, help="why it is looked at; who looked is kept")
    line.add_argument("--json", action="store_true")
    script_commands.add(command, group, reports)


def _asked(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("asked", metavar="PHONE|CARD|REF")


def _add_rules(command: Command, noted: Any) -> None:
    rule = command(noted, "rule", _rule, "what events say of persons: a tag for some days")
    rule.add_argument("id")
    rule.add_argument("--kind", required=True, help="browse, chat or order")
    rule.add_argument("--tag", required=True, metavar="NAME")
    rule.add_argument("--article", default="")
    rule.add_argument("--category", default="")
    rule.add_argument("--topic", default="")
    rule.add_argument("--scene", default="", help="tell clerks of it in the words of this scene")
    rule.add_argument("--days", default="7")
    command(noted, "rules", _rules, "every rule").add_argument("--json", action="store_true")
    command(noted, "forget-rule", _forget_rule, "a rule holds no more").add_argument("id")


def _told(rows: Any, args: argparse.Namespace) -> None:
    """As JSON, or a line each."""
    if args.json:
        say(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        say("  ".join(_plain(value) for value in row.values() if value not in ("", None, [])))


def _plain(value: Any) -> str:
    return "/".join(map(str, value)) if isinstance(value, list) else str(value)


def _import(args: argparse.Namespace) -> int:
    with Office(args) as office:
        report = import_events(
            office.database,
            Vault(office.keys, office.chance),
            office.clock,
            Path(args.file),
            channel=args.channel,
            mapping=Path(args.mapping) if args.mapping else None,
        )
    return say_report(args, report)


def _channel_add(args: argparse.Namespace) -> None:
    with Office(args) as office:
        say(channels.add(office.database, office.chance, args.name, args.scopes, office.clock.now_ms()))


def _channel_list(args: argparse.Namespace) -> None:
    with Office(args) as office, office.database.reading() as conn:
        _told(channels.listed(conn), args)


def _channel_revoke(args: argparse.Namespace) -> None:
    with Office(args) as office:
        channels.revoke(office.database, args.name, office.clock.now_ms())


def _with(args: argparse.Namespace, work: Callable[[Connection, str, int], None]) -> None:
    """Do something for the person asked for, in one transaction."""
    with Office(args) as office, office.database.transaction() as conn:
        work(conn, who_is(conn, means_of(office), args.asked), office.clock.now_ms())


def _tag_set(args: argparse.Namespace) -> None:
    days = from_zero(args.days, tags.MOST_DAYS)

    def work(conn: Connection, root: str, now: int) -> None:
        desk.set_tag(conn, root, args.name, args.value, days=days, by=who(), now=now, scene=args.scene)

    _with(args, work)


def _tag_remove(args: argparse.Namespace) -> None:
    def work(conn: Connection, root: str, now: int) -> None:
        tags.take_tag(conn, root, args.name, now)
        feed.publish(conn, hint_rows(conn, [root], now))

    _with(args, work)


def _tag_list(args: argparse.Namespace) -> None:
    _with(args, lambda conn, root, now: _told(tags.told(tags.tags_of(conn, root, now)), args))


def _rule(args: argparse.Namespace) -> None:
    days = people.whole(args.days, tags.MOST_DAYS)
    rule = tags.Rule(args.kind, args.article, args.category, args.topic, args.tag, args.scene, days)
    with Office(args) as office:
        tags.add_rule(office.database, args.id, rule)


def _rules(args: argparse.Namespace) -> None:
    with Office(args) as office, office.database.reading() as conn:
        _told([rule._asdict() for rule in tags.rules(conn)], args)


def _forget_rule(args: argparse.Namespace) -> None:
    with Office(args) as office:
        tags.remove_rule(office.database, args.id)


def _owner_set(args: argparse.Namespace) -> None:
    number = people.whole(args.clerk, people.LARGEST_CLERK)
    _with(args, lambda conn, root, now: desk.set_owner(conn, root, number, who(), now))


def _owner_handover(args: argparse.Namespace) -> None:
    giver = people.whole(args.giver, people.LARGEST_CLERK)
    taker = people.whole(args.taker, people.LARGEST_CLERK)
    with Office(args) as office:
        say(f"{desk.handover(office.database, giver, taker, who(), office.clock.now_ms())}")


def _owner_list(args: argparse.Namespace) -> None:
    _with(args, lambda conn, root, _now: _told(owners.history(conn, root), args))


def _owner_credit(args: argparse.Namespace) -> None:
    with Office(args) as office, office.database.transaction() as conn:
        owners.set_credit(conn, args.rule, who(), office.clock.now_ms())


def _credit(args: argparse.Namespace) -> None:
    number = people.whole(args.store, LARGEST_STORE) if args.store else 0
    with Office(args) as office, office.database.reading() as conn:
        people.scope_of(conn, args.store or feed.CHAIN)
        since = args.since or people.business_day(conn, office.clock.now_ms(), number)
        rows = owners.credited(conn, since, args.until or since, number)
    say_rows(args, rows, lambda row, _: list(row.values()))


def _title_grant(args: argparse.Namespace) -> None:
    name = pair(args.name, _LONGEST_NAME)

    def work(conn: Connection, root: str, now: int) -> None:
        zone = people.settings_of(conn, feed.CHAIN).time_zone
        ends = parse_instant(args.until, zone) if args.until else 0
        desk.grant(conn, root, args.id, name, ends, who(), now)

    _with(args, work)


def _title_revoke(args: argparse.Namespace) -> None:
    _with(args, lambda conn, root, now: desk.take_back(conn, root, args.id, now))


def _title_list(args: argparse.Namespace) -> None:
    _with(args, lambda conn, root, _now: _told(titles.listed(conn, root), args))


def _timeline(args: argparse.Namespace) -> None:
    reason = reason_of(args.reason)
    with Office(args) as office, office.database.transaction() as conn:
        means = means_of(office)
        root = who_is(conn, means, args.asked)
        note_look(conn, means, who(), root, "timeline", reason)
        moments = timeline.timeline_of(conn, root)
    if args.json:
        say(json.dumps(timeline.told(moments), ensure_ascii=False))
        return
    place = 1 if args.language == "en" else 0
    for one, row in zip(moments, timeline.told(moments), strict=True):
        words = (row["at"][:16], timeline.KINDS[one.kind][place], one.what, row["fen"], one.source, one.detail)
        say("  ".join(word for word in words if word))

"""`posapp hq privacy`: requests of customers about their data, and when they are answered."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.members import dossier, privacy
from posapp.hq.members.commands import means_of, say, who
from posapp.hq.members.desk import note_look, reason_of, who_is
from posapp.hq.members.recipients import recipients
from posapp.hq.office import Office

Command = Callable[[Any, str, Callable[[argparse.Namespace], int | None], str], Any]

_KINDS = {
    "access": ("查阅复制", "access"),
    "correct": ("更正", "correct"),
    "withdraw": ("撤回营销", "withdraw"),
    "erase": ("注销删除", "erase"),
    "impersonal": ("不要个性化", "no suggestions"),
}
_STATES = {"open": ("待处理", "open"), "running": ("等收银台确认", "tills to confirm"), "done": ("已完成", "done")}


def add(command: Command, group: Callable[[str, str], Any]) -> None:
    """Add these commands to those of `posapp hq`."""
    desk = group("privacy", "requests of customers about their data")
    filed = command(desk, "file", _file, "file a request for a customer who is here; prints its number")
    filed.add_argument("asked", metavar="PHONE|CARD|REF")
    filed.add_argument("kind", help="access, correct, withdraw, erase or impersonal")
    command(desk, "list", _list, "every request, the one due first on top").add_argument("--json", action="store_true")
    shown = command(desk, "show", _show, "a request, and what would be lost")
    shown.add_argument("number")
    shown.add_argument("--json", action="store_true")
    written = command(desk, "export", _export, "everything held of the person as a ZIP that they can read")
    written.add_argument("number")
    written.add_argument("file", metavar="FILE.zip")
    written.add_argument("--reason", required=True)
    erased = command(desk, "erase", _erase, "erase the account; says first what is lost")
    erased.add_argument("number")
    erased.add_argument("--yes", action="store_true", help="the customer has seen what is lost")
    command(desk, "done", _done, "close a request; says which tills have to confirm first").add_argument("number")
    command(desk, "sweep", _sweep, "erase whoever has not been heard of for too long")


def _file(args: argparse.Namespace) -> None:
    with Office(args) as office:
        means = means_of(office)
        with office.database.transaction() as conn:
            root = who_is(conn, means, args.asked)
            number, rows = privacy.request(conn, means, root, args.kind, f"hq {who()} {means.now}")
            feed.publish(conn, rows)
    say(number)


def _list(args: argparse.Namespace) -> None:
    with Office(args) as office, office.database.transaction() as conn:
        now = office.clock.now_ms()
        privacy.finish_all(conn, now)
        rows = privacy.listed(conn, now)
    if args.json:
        say(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        say(_line(row, 1 if args.language == "en" else 0))


def _line(row: dict[str, Any], place: int) -> str:
    late = ("  已超期", "  LATE")[place] if row["late"] else ""
    left = f"  {' '.join(row['missing'])}" if row["missing"] else ""
    due = ("期限", "due")[place]
    kind, state = _KINDS[row["kind"]][place], _STATES[row["state"]][place]
    return f"{row['number']}  {kind}  {state}  {due} {row['due'][:10]}{late}{left}"


def _show(args: argparse.Namespace) -> None:
    with Office(args) as office, office.database.transaction() as conn:
        now = office.clock.now_ms()
        privacy.finish_all(conn, now)
        asked = privacy.find(conn, args.number)
        row = privacy.told(conn, asked, now)
        lost = privacy.losses(conn, asked.ref)
    if args.json:
        say(json.dumps({**row, "points": lost.points, "benefits": lost.benefits}, ensure_ascii=False))
        return
    place = 1 if args.language == "en" else 0
    say(_line(row, place))
    say(_lost(lost, place))


def _lost(lost: privacy.Loss, place: int) -> str:
    names = ", ".join(name[place] for name in lost.benefits) or ("无", "none")[place]
    return ("注销将失去: 积分 {},权益 {}", "Lost with the account: {} points, benefits: {}")[place].format(
        lost.points, names
    )


def _export(args: argparse.Namespace) -> None:
    reason = reason_of(args.reason)
    path = Path(args.file)
    if path.exists():
        raise PosError("file_exists", file=str(path))
    with Office(args) as office:
        means = means_of(office)
        with office.database.transaction() as conn:
            asked = privacy.find(conn, args.number)
            note_look(conn, means, who(), asked.ref, "export", reason)
            data = dossier.export(conn, means.vault, asked.ref, recipients(means.vault))
            try:
                with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    file.write(data)
            except OSError:
                raise PosError("cannot_write", file=str(path)) from None


def _erase(args: argparse.Namespace) -> int:
    place = 1 if args.language == "en" else 0
    with Office(args) as office:
        means = means_of(office)
        with office.database.reading() as conn:
            say(_lost(privacy.losses(conn, privacy.find(conn, args.number).ref), place))
        if not args.yes:
            raise PosError("erase_unconfirmed")
        with office.database.transaction() as conn:
            feed.publish(conn, privacy.erase(conn, means, args.number, recipients(means.vault)))
        privacy.purge(office.database)
        with office.database.transaction() as conn:
            left = privacy.finish(conn, args.number, means.now)
    _say_left(left, place)
    return 0


def _done(args: argparse.Namespace) -> int:
    with Office(args) as office, office.database.transaction() as conn:
        left = privacy.finish(conn, args.number, office.clock.now_ms())
    _say_left(left, 1 if args.language == "en" else 0)
    return 1 if left else 0


def _say_left(left: list[str], place: int) -> None:
    if left:
        say(("等这些收银台确认: {}", "These tills have to confirm: {}")[place].format(" ".join(left)))
    else:
        say(("已完成", "Done")[place])


def _sweep(args: argparse.Namespace) -> None:
    with Office(args) as office:
        means = means_of(office)
        numbers = privacy.sweep(office.database, means, recipients(means.vault))
    say(f"{len(numbers)}")

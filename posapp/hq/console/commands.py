"""`posapp hq user ...`: who may sit at HQ's console."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Callable
from typing import Any

from posapp.clock import rfc3339
from posapp.errors import PosError
from posapp.hq.console import users
from posapp.hq.members.commands import say, who
from posapp.hq.office import Office

Command = Callable[[Any, str, Callable[[argparse.Namespace], int | None], str], Any]


def add(command: Command, group: Callable[[str, str], Any]) -> None:
    """Add these commands to those of `posapp hq`."""
    people = group("user", "who may sit at HQ's console in the browser")
    new = command(people, "add", _add, "make a user, or change one; the password is asked for or read from a pipe")
    new.add_argument("name")
    new.add_argument("--role", required=True, help=", ".join(users.ROLES))
    new.add_argument("--store", action="append", default=[], help="of the roles store and region; may be given again")
    command(people, "password", _password, "another password; also unlocks").add_argument("name")
    command(people, "off", _off, "a user may no longer sign in").add_argument("name")
    command(people, "list", _list, "every user").add_argument("--json", action="store_true")


def _asked() -> str:
    """The password: from a pipe once, typed twice."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != first:
        raise PosError("wrong_password")
    return first


def _add(args: argparse.Namespace) -> None:
    password = _asked()
    with Office(args) as office:
        users.add_user(
            office.database, office.clock, office.chance, args.name, args.role, args.store, password, f"hq {who()}"
        )


def _password(args: argparse.Namespace) -> None:
    password = _asked()
    with Office(args) as office:
        users.set_password(office.database, office.clock, office.chance, args.name, password, f"hq {who()}")


def _off(args: argparse.Namespace) -> None:
    with Office(args) as office:
        users.switch_off(office.database, office.clock, office.chance, args.name, f"hq {who()}")


def _list(args: argparse.Namespace) -> None:
    with Office(args) as office, office.database.reading() as conn:
        rows = users.users(conn)
    if args.json:
        say(json.dumps([{**row, "made": rfc3339(row["made"])} for row in rows], ensure_ascii=False))
        return
    for row in rows:
        stores = ",".join(map(str, row["stores"])) or "chain"
        say(f"{row['name']:<20}  {row['role']:<10}  {stores:<12}  {row['state']}")

"""`posapp hq ...`: HQ's command line. Each command does all of its work or none, and ends in one clear sentence."""

from __future__ import annotations

import argparse
import gc
import getpass
import json
import signal
import socket
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal

import platformdirs

from drivers.contracts import Document
from posapp import log
from posapp.errors import PosError
from posapp.hq import display_commands, enrol, people, sheet_commands
from posapp.hq.care import commands as care_commands
from posapp.hq.console import commands as console_commands
from posapp.hq.figures import commands as figure_commands
from posapp.hq.flows import commands as flow_commands
from posapp.hq.generation import begin_run
from posapp.hq.joining import commands as join_commands
from posapp.hq.members import commands as member_commands
from posapp.hq.members import privacy_commands
from posapp.hq.members.commands import import_options, say, say_report
from posapp.hq.members.staff import set_phone
from posapp.hq.office import Office
from posapp.hq.rewards import commands as reward_commands
from posapp.hq.rewards import standards_commands
from posapp.hq.segments import commands as segment_commands
from posapp.hq.tasks import commands as task_commands
from posapp.hq.texts import commands as text_commands
from posapp.hq.vault import Vault
from posapp.hq.wecom import commands as wecom_commands
from posapp.rules.phones import read_phone

# What is wrong with the machine or the data, not with what was typed.
_NOT_INPUT = frozenset(
    {
        "database_unreachable",
        "damaged_file",
        "newer_file",
        "cannot_write",
        "hq_keys_missing",
        "port_taken",
        "journal_broken",
        "tables_differ",
        "figures_differ",
    }
)


Draw = Callable[[Document, Literal[58, 80]], bytes]
"""Makes a PNG of a document on paper of so many millimetres; HQ itself knows no printer."""


def add_commands(subparsers: Any, draw: Draw | None = None) -> None:
    """Add `hq` and its commands to the program's own; run() carries out what was parsed."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", metavar="DIR", help="HQ's folder (default: %(default)s)", default=default_folder())
    common.add_argument("--database", metavar="URL", help="postgresql://user:password@host/name instead of a file")
    common.add_argument("--clock", choices=("system", "simulated"), default="system", help=argparse.SUPPRESS)
    common.add_argument("--language", choices=("zh", "en"), default="zh", help="of messages and reports")

    hq = subparsers.add_parser("hq", help="headquarters: its server and its set-up")
    actions = hq.add_subparsers(dest="hq_command", required=True, metavar="COMMAND")

    def command(parent: Any, name: str, work: Any, text: str) -> Any:
        parser = parent.add_parser(name, help=text, description=text, parents=[common])
        parser.set_defaults(hq_work=work)
        return parser

    def group(name: str, text: str) -> Any:
        parser = actions.add_parser(name, help=text, description=text)
        return parser.add_subparsers(dest=f"hq_{name}", required=True, metavar="WHAT")

    serve = command(actions, "serve", _serve, "run HQ's server")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8765, help="0 takes a free one (default: %(default)s)")
    serve.add_argument("--ready-file", metavar="FILE", help="written with the server's URL once it answers")

    _add_places(command, group)
    change = command(actions, "set", _set, "change a setting of a store or of the chain")
    change.add_argument("store", metavar="STORE|chain")
    change.add_argument("key")
    change.add_argument("value")

    if draw:
        papers = group("receipt", "what the stores' receipts look like")
        _add_preview(command(papers, "preview", partial(_receipt_preview, draw), "draw a sample receipt of a store"))

    imports = group("import", "take over files")
    products = command(imports, "products", _import_products, "articles and prices from a CSV or XLSX file")
    products.add_argument("file")
    products.add_argument("--store", default="chain", help="the store they are for (default: the whole chain)")
    import_options(products, "code")
    products.add_argument("--starts", metavar="INSTANT", help="from when changed prices are in force (default: now)")

    display_commands.add(command, group, imports)
    text_commands.add(command, group)
    sheet_commands.add(command, group)
    wecom_commands.add(command, group)
    member_commands.add(command, group, imports)
    privacy_commands.add(command, group)
    console_commands.add(command, group)

    reports = group("report", "figures without a browser")
    day = command(reports, "day", _report_day, "a store's day: sales, tenders, tax")
    day.add_argument("--store", required=True)
    day.add_argument("--date", help="YYYY-MM-DD (default: the store's business date now)")
    day.add_argument("--json", action="store_true")

    join_commands.add(command, group, reports)
    figure_commands.add(command, reports)
    segment_commands.add(command, group, imports, reports)
    care_commands.add(command, group, imports, reports)
    reward_commands.add(command, group, reports)
    standards_commands.add(command, imports, reports)
    flow_commands.add(command, group, reports)
    task_commands.add(command, group, imports)

    check = command(actions, "verify", _verify, "re-verify every journal and that the tables follow from them")
    check.add_argument("--json", action="store_true")
    again = command(actions, "reproject", _reproject, "make the tables again from the journals")
    again.add_argument("--store")
    again.add_argument("--till")


def _add_places(command: Any, group: Any) -> None:
    """The commands that say where is sold and by whom."""
    stores = group("store", "stores")
    add_store = command(stores, "add", _store_add, "make a store, or give it another name")
    add_store.add_argument("number")
    add_store.add_argument("name")

    tills = group("till", "tills")
    add_till = command(tills, "add", _till_add, "print an enrolment code for a new till, or for a new computer of one")
    add_till.add_argument("store")
    add_till.add_argument("number", nargs="?")
    add_till.add_argument("--json", action="store_true")
    revoke = command(tills, "revoke", _till_revoke, "shut a till out (a lost or stolen computer)")
    revoke.add_argument("store")
    revoke.add_argument("number")

    clerks = group("clerk", "clerks")
    add_clerk = command(clerks, "add", _clerk_add, "make a clerk, or change one")
    add_clerk.add_argument("number")
    add_clerk.add_argument("name")
    add_clerk.add_argument("--role", required=True, help="cashier, lead or manager")
    add_clerk.add_argument("--pin", help="6 to 12 digits, managers at least 8; else asked for or read from a pipe")
    add_clerk.add_argument("--store", default="chain", help="the store they work in (default: the whole chain)")
    phone = command(clerks, "phone", _clerk_phone, "note a clerk's own phone, so that their own joins are not counted")
    phone.add_argument("number")
    badge = command(clerks, "badge", _clerk_badge, "a new badge for a clerk: prints the code to put on it")
    badge.add_argument("number")
    off = command(clerks, "off", _clerk_off, "a clerk may no longer sign in")
    off.add_argument("number")


def _add_preview(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("store", metavar="STORE|chain")
    parser.add_argument("file", metavar="FILE.png")
    parser.add_argument("--paper", type=int, choices=(58, 80), default=80, help="width in mm")


def run(args: argparse.Namespace) -> int:
    """Carry out a parsed `hq` command: 0 done, 1 failed, 2 bad input; the reason is one sentence on stderr."""
    try:
        return int(args.hq_work(args) or 0)
    except PosError as error:
        sys.stderr.write(error.sentence(args.language) + "\n")
        return 1 if error.code in _NOT_INPUT else 2


def default_folder() -> str:
    return str(platformdirs.user_data_path("posapp") / "hq")


def _serve(args: argparse.Namespace) -> int:
    import uvicorn

    from posapp.hq.console import gate
    from posapp.hq.server import create_app

    if not 0 <= args.port <= 65_535:
        raise PosError("bad_number", number=args.port, most=65_535)
    listener = _listen(args.host, args.port)
    log.to_file(Path(args.data) / "hq.log")
    with Office(args) as office:
        keys = begin_run(Path(args.data), office.database, office.keys, office.chance)
        app = create_app(office.database, keys, office.clock, office.chance, Path(args.data))
        gate.mount(app, _behind_the_gate)
        host = f"[{args.host}]" if ":" in args.host else args.host
        url = f"http://{host}:{listener.getsockname()[1]}"

        class Server(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                if self.started:
                    _announce(url, args.ready_file)

        config = uvicorn.Config(
            app, access_log=False, log_level="warning", timeout_keep_alive=75, timeout_graceful_shutdown=10
        )
        # What is loaded by now stays; the garbage collector need not look at it again and again.
        gc.freeze()
        # uvicorn raises the signal that stopped it once more when it is done; ending well is not an error.
        for name in ("SIGINT", "SIGTERM"):
            signal.signal(getattr(signal, name), lambda *_: None)
        server = Server(config)
        server.run(sockets=[listener])
        return 0 if server.started else 1


def _behind_the_gate(hq: Any) -> Any:
    from posapp.hq.console.inside import inside

    return inside(hq)


def _announce(url: str, ready_file: str | None) -> None:
    if ready_file:
        Path(ready_file).write_text(url + "\n", encoding="utf-8")
    say(f"posapp hq listening on {url}")


def _listen(host: str, port: int) -> socket.socket:
    # With the protocol named, asyncio turns Nagle's delay off; without, each answer waits 40 ms for an ACK.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError):
        listener.close()
        raise PosError("port_taken", host=host, port=port) from None
    return listener


def _store_add(args: argparse.Namespace) -> None:
    number = people.whole(args.number, enrol.LARGEST_STORE)
    with Office(args) as office:
        people.add_store(office.database, office.clock, number, args.name)


def _till_add(args: argparse.Namespace) -> None:
    store = people.whole(args.store, enrol.LARGEST_STORE)
    number = people.whole(args.number, enrol.LARGEST_TILL) if args.number else None
    with Office(args) as office:
        number, code = enrol.add_till(office.database, office.keys, office.clock, office.chance, store, number)
    if args.json:
        minutes = enrol.LIFE_MS // 60_000
        say(json.dumps({"store": store, "till": number, "code": code, "minutes": minutes}))
    else:
        say(code)


def _till_revoke(args: argparse.Namespace) -> None:
    store = people.whole(args.store, enrol.LARGEST_STORE)
    number = people.whole(args.number, enrol.LARGEST_TILL)
    with Office(args) as office:
        enrol.revoke(office.database, store, number)


def _clerk_add(args: argparse.Namespace) -> None:
    number = people.whole(args.number, people.LARGEST_CLERK)
    pin = args.pin
    if pin is None:
        try:
            pin = getpass.getpass("PIN: ") if sys.stdin.isatty() else sys.stdin.readline().strip()
        except EOFError:
            pin = ""
    with Office(args) as office:
        people.add_clerk(office.database, office.chance, number, args.name, args.role, pin, args.store)


def _clerk_phone(args: argparse.Namespace) -> None:
    number = people.whole(args.number, people.LARGEST_CLERK)
    told = getpass.getpass("Phone: ") if sys.stdin.isatty() else sys.stdin.readline()
    phone = read_phone(told)
    with Office(args) as office, office.database.transaction() as conn:
        set_phone(conn, Vault(office.keys, office.chance), number, phone)


def _clerk_badge(args: argparse.Namespace) -> None:
    with Office(args) as office:
        number = people.whole(args.number, people.LARGEST_CLERK)
        say(people.give_badge(office.database, office.chance, number))


def _clerk_off(args: argparse.Namespace) -> None:
    with Office(args) as office:
        people.switch_off(office.database, people.whole(args.number, people.LARGEST_CLERK))


def _set(args: argparse.Namespace) -> None:
    with Office(args) as office:
        people.set_value(office.database, args.store, args.key, args.value)


def _receipt_preview(draw: Draw, args: argparse.Namespace) -> None:
    from posapp.rules.receipt import document
    from posapp.rules.sample_receipt import sample

    path = Path(args.file)
    if path.suffix.lower() != ".png":
        raise PosError("bad_usage", usage="posapp hq receipt preview STORE FILE.png")
    with Office(args) as office, office.database.reading() as conn:
        settings = people.settings_of(conn, people.scope_of(conn, args.store))
    try:
        path.write_bytes(draw(document(sample(), settings), args.paper))
    except OSError:
        raise PosError("cannot_write", file=str(path)) from None


def _import_products(args: argparse.Namespace) -> int:
    from posapp.hq import price_book

    with Office(args) as office:
        report = price_book.import_products(
            office.database,
            office.clock,
            Path(args.file),
            store=args.store,
            mapping=Path(args.mapping) if args.mapping else None,
            starts=args.starts,
            dry_run=args.dry_run,
        )
    return say_report(args, report)


def _report_day(args: argparse.Namespace) -> None:
    from posapp.hq import reports

    store = people.whole(args.store, enrol.LARGEST_STORE)
    with Office(args) as office:
        day = reports.day(office.database, office.clock, store, args.date)
    say(json.dumps(day, ensure_ascii=False) if args.json else reports.day_text(day, args.language))


def _verify(args: argparse.Namespace) -> int:
    from posapp.hq import verify

    with Office(args) as office:
        report = verify.verify(office.database)
    say(report.json() if args.json else report.text(args.language))
    if report.error is not None:
        raise report.error
    return 0


def _reproject(args: argparse.Namespace) -> None:
    from posapp.hq.project import reproject

    till = None
    if args.store or args.till:
        if not (args.store and args.till):
            raise PosError("bad_usage", usage="posapp hq reproject [--store S --till T]")
        till = people.whole(args.store, enrol.LARGEST_STORE), people.whole(args.till, enrol.LARGEST_TILL)
    with Office(args) as office:
        count = reproject(office.database, office.clock, till)
    say(f"{count}")


def main(arguments: list[str] | None = None) -> int:
    """HQ's commands by themselves, as `python -m posapp.hq`."""
    return run(reader().parse_args(["hq", *(sys.argv[1:] if arguments is None else arguments)]))


def reader() -> argparse.ArgumentParser:
    """What reads a command line of HQ's; run() carries out what it says."""
    parser = argparse.ArgumentParser(prog="posapp")
    add_commands(parser.add_subparsers(required=True, metavar="COMMAND"))
    return parser

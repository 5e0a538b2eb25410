"""The command line: posapp COMMAND. Bad input ends with one clear sentence and a non-zero status."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from platformdirs import user_data_path, user_state_path

from posapp.clock import Clock, SimulatedClock, SystemClock
from posapp.errors import Cancelled, PosError
from posapp.ids import system_chance, till_name

if TYPE_CHECKING:
    from posapp.till import Till


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when all went well, 1 when something was found or refused, 2 for bad input."""
    os.umask(0o077)  # what is written here is for the till's own user
    arguments = sys.argv[1:] if arguments is None else arguments
    args = _parser(arguments[0] if arguments else "").parse_args(arguments)
    try:
        status: int = args.act(args)
        return status
    except PosError as error:
        print(error.sentence(args.language or "zh"), file=sys.stderr)
        return 2
    except (Cancelled, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 141


def _parser(wanted: str) -> argparse.ArgumentParser:
    """The command line; what is dear to load is loaded for the command that is wanted only."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--language", choices=("zh", "en"), help="of messages; default: the store's, else zh")
    till = argparse.ArgumentParser(add_help=False, parents=[shared])
    till.add_argument("--data", type=Path, help="the till's folder")
    till.add_argument("--state", type=Path, help="folder of the till's keys and mark, apart from its data")
    clocked = argparse.ArgumentParser(add_help=False)
    clocked.add_argument("--clock", choices=("system", "simulated"), default="system", help="simulated: set by `at`")

    parser = argparse.ArgumentParser(prog="posapp", description="The till and headquarters of a retail chain.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(
        name: str, act: Callable[[argparse.Namespace], int], parents: list[argparse.ArgumentParser], text: str
    ) -> argparse.ArgumentParser:
        command = commands.add_parser(name, parents=parents, help=text, description=text)
        command.set_defaults(act=act)
        return command

    demo = add(
        "demo",
        _demo,
        [shared],
        "a ready demo shop: HQ on this computer, a till, a customer display, a printer, things to scan",
    )
    demo.add_argument("--data", type=Path, help="where the demo shop lives; default: a fresh temporary folder")
    demo.add_argument("--script", type=Path, help="play this file and open no window")
    script = add("script", _script, [till, clocked], "the till by lines: verbs in, one JSON object a line out")
    script.add_argument("file", nargs="?", type=Path, help="default: standard input")
    if wanted == "script":
        from posapp.script import VERBS

        script.formatter_class = argparse.RawDescriptionHelpFormatter
        usages = [usage for usage, *_ in VERBS.values()]
        script.epilog = "verbs, one a line; # starts a comment:\n  " + "\n  ".join(usages)
    add("till", _till, [till], "the till's window")
    enrol = add("enrol", _enrol, [till], "make this computer a till of a store")
    enrol.add_argument("url", help="HQ's address; plain http for this computer only")
    enrol.add_argument("code", help="the code HQ printed, good once for 15 minutes")
    doctor = add("doctor", _doctor, [till], "look the till over: files, journal, clock, devices, HQ; says what to do")
    doctor.add_argument("--json", action="store_true")
    add("verify", _verify, [till], "re-verify the journal's chain and signatures, and that the tables follow from it")
    backup = add("backup", _backup, [till], "write a consistent copy, also while the till is selling")
    backup.add_argument("file", type=Path)
    restore = add("restore", _restore, [till], "bring a backup back; the till must be stopped")
    restore.add_argument("file", type=Path)
    _hq_commands(commands, wanted == "hq")
    return parser


def _hq_commands(commands: Any, is_wanted: bool) -> None:
    """HQ's own commands; a till that starts does not load them."""
    if not is_wanted:
        commands.add_parser("hq", help="headquarters: its server and its set-up")
        return
    from posapp.devices import preview
    from posapp.hq.commands import add_commands, run

    add_commands(commands, preview)
    commands.choices["hq"].set_defaults(act=run)


def folders(args: argparse.Namespace) -> tuple[Path, Path]:
    """The till's data and state folders; the state of a folder is found by the folder's own place."""
    data: Path = (args.data or user_data_path("posapp") / "till").resolve()
    name = hashlib.sha256(str(data).encode()).hexdigest()[:16]
    return data, (args.state or user_state_path("posapp") / name).resolve()


def _clock(args: argparse.Namespace) -> Clock:
    return SimulatedClock(SystemClock().now_ms()) if args.clock == "simulated" else SystemClock()


def _script(args: argparse.Namespace) -> int:
    from posapp.script import run

    clock = _clock(args)
    with _lines(args.file) as lines, _opened(args, clock) as till:
        if isinstance(clock, SystemClock):
            till.runner.start()
        return 0 if run(till, lines, sys.stdout, args.language) else 1


def _till(args: argparse.Namespace) -> int:
    if not _has_display():
        raise PosError("no_display")  # Qt would end the program without a word that a cashier understands
    from posapp.app import run

    with _opened(args, SystemClock()) as till:
        return run(till)


def _has_display() -> bool:
    return sys.platform != "linux" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")))


def _display_answers() -> bool:
    """Whether a window can be opened. Qt ends the program where it cannot, so another one tries; it says why not."""
    import subprocess

    tries = "from PySide6.QtGui import QGuiApplication; QGuiApplication([])"
    return subprocess.run([sys.executable, "-c", tries], stdout=subprocess.DEVNULL, check=False).returncode == 0


@contextlib.contextmanager
def _opened(args: argparse.Namespace, clock: Clock) -> Iterator[Till]:
    """The till of the folders; whoever uses it starts its sync thread when there is time for that."""
    from posapp import log
    from posapp.sync.client import over_http
    from posapp.till import Till

    data, state = folders(args)
    till = Till(data, state, clock, system_chance, over_http())
    log.to_file(data / "till.log")
    try:
        if isinstance(clock, SystemClock) and not till.has_staff():
            with contextlib.suppress(PosError):  # the first verb says what is missing
                till.sync(_progress())
        yield till
    finally:
        till.close()


def _lines(file: Path | None) -> contextlib.AbstractContextManager[Iterable[str]]:
    """A script's lines as UTF-8, with or without a byte order mark. A pipe is read line by line, a file whole."""
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    if file is None:
        return contextlib.nullcontext(line.removeprefix("\ufeff") for line in iter(sys.stdin.readline, ""))
    try:
        return contextlib.nullcontext(file.read_text("utf-8-sig").splitlines())
    except OSError:
        raise PosError("no_such_file", file=str(file)) from None
    except UnicodeDecodeError:
        raise PosError("not_text", file=str(file)) from None


def _demo(args: argparse.Namespace) -> int:
    language = args.language or "zh"
    if args.script is None and _has_display() and _display_answers():
        from posapp.demo.hands_screen import show

        return show(args.data, args.language, _progress())
    from posapp.demo.play import DAY, play, tell_how_to_see_it

    if args.script is None:
        tell_how_to_see_it(language)
    return play(args.data, args.script or DAY, language)


def _enrol(args: argparse.Namespace) -> int:
    from posapp.sync.client import over_http
    from posapp.sync.enrol import enrol_till

    _, state = folders(args)
    keys = enrol_till(state, args.url, args.code, over_http(), system_chance)
    assert keys.certificate
    print(till_name(keys.certificate.store, keys.certificate.till))
    return 0


def _doctor(args: argparse.Namespace) -> int:
    from posapp.setup import doctor
    from posapp.sync.client import over_http

    data, state = folders(args)
    language = args.language or doctor.language_of(data, state)
    findings = []
    for finding in doctor.examine(data, state, SystemClock(), system_chance, over_http()):
        findings.append(finding)
        if not args.json:
            print(doctor.line(finding, language), flush=True)
    if args.json:
        print(doctor.as_json(findings, language))
    return 1 if any(finding.state == "broken" for finding in findings) else 0


def _verify(args: argparse.Namespace) -> int:
    from posapp import db
    from posapp.ids import unb64u
    from posapp.journal import MARK_FILE, Mark
    from posapp.sync.enrol import open_keys
    from posapp.verify import verify

    data, state = folders(args)
    keys = open_keys(data, state)
    if not (data / "till.db").exists():
        raise PosError("no_such_file", file=str(data / "till.db"))
    mark = Mark(state / MARK_FILE)
    marked = mark.read()
    mark.close()
    folder = db.Folder(data, unb64u(keys.database), lock=False)
    try:
        _tell(verify(folder, keys.hq_key, _progress(), marked))
    finally:
        folder.close()
    return 0


def _backup(args: argparse.Namespace) -> int:
    from posapp.backup import back_up
    from posapp.sync.enrol import open_keys

    data, state = folders(args)
    back_up(data, open_keys(data, state), args.file.resolve(), SystemClock(), _progress())
    return 0


def _restore(args: argparse.Namespace) -> int:
    from posapp.backup import restore
    from posapp.sync.client import Client, over_http
    from posapp.sync.enrol import open_keys

    data, state = folders(args)
    keys, clock = open_keys(data, state), SystemClock()
    ask_hq = Client(keys, over_http(), clock, system_chance).unseal
    _tell(restore(data, state, keys, args.file, clock, system_chance, ask_hq, _progress()))
    return 0


def _tell(figures: object) -> None:
    print(msgspec.json.encode(figures).decode())


def _progress() -> Callable[[int, int], None] | None:
    """A bar on the terminal's error stream; nothing where there is no terminal."""
    if not sys.stderr.isatty():
        return None

    def show(done: int, whole: int) -> None:
        share = done / whole if whole else 1.0
        end = "\n" if done >= whole else ""
        print(f"\r[{'#' * int(share * 40):<40}] {done}/{whole}", end=end, file=sys.stderr, flush=True)

    return show


if __name__ == "__main__":
    sys.exit(main())

"""`posapp hq script|experiment|report experiment`: words for clerks, who approved them, and which work better."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

from posapp.errors import PosError
from posapp.hq import people
from posapp.hq.care import desk, experiments, scripts
from posapp.hq.members.commands import from_zero, say, who
from posapp.hq.office import Office
from posapp.rules.dictionary import UNKNOWN
from posapp.rules.proportions import FEW

Command = Callable[[Any, str, Callable[[argparse.Namespace], int | None], str], Any]
MOST_VERSIONS = 9_999


def add(command: Command, group: Callable[[str, str], Any], reports: Any) -> None:
    """Add these commands to those of `posapp hq`."""
    texts = group("script", "words for clerks, by scene and version")
    new = command(texts, "draft", _draft, "write a version: prints its number; nobody sees it before it is approved")
    new.add_argument("scene", help=f"{', '.join(scripts.SCENES)}, or one of a flow's own")
    new.add_argument("--prompt", required=True, metavar="中文/English", help="for the clerk, at most 24 characters")
    new.add_argument("--line", default="", metavar="中文/English", help="to say to the customer, one line")
    _by(new, "who wrote it")
    passed = command(texts, "approve", _approve, "let a draft reach the tills; by somebody else than who wrote it")
    _version(passed)
    _by(passed, "who approves")
    _version(command(texts, "retire", _retire, "a version is said no more"))
    every = command(texts, "list", _list, "every version, with who wrote and who approved it")
    every.add_argument("scene", nargs="?", default="")
    every.add_argument("--json", action="store_true")

    trials = group("experiment", "versions of a scene against each other")
    begun = command(trials, "start", _start, "each member hears one version or, in the holdout, nothing")
    begun.add_argument("id")
    begun.add_argument("scene")
    begun.add_argument("--versions", required=True, metavar="N,N")
    begun.add_argument("--holdout", default="10", help="percent who are told nothing (default: %(default)s)")
    command(trials, "stop", _stop, "end it").add_argument("id")
    result = command(reports, "experiment", _report, "each version's counts, with what is certain to 95 percent")
    result.add_argument("id")
    result.add_argument("--json", action="store_true")


def _version(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scene")
    parser.add_argument("version")


def _by(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument("--by", metavar="NAME", help=f"{text} (default: who is signed in on this computer)")


def _name(args: argparse.Namespace) -> str:
    return people.plain_name(args.by, 40) if args.by is not None else who()


def _draft(args: argparse.Namespace) -> None:
    with Office(args) as office:
        number = scripts.draft(office.database, args.scene, args.prompt, args.line, _name(args), office.clock.now_ms())
    say(f"{number}")


def _approve(args: argparse.Namespace) -> None:
    version = people.whole(args.version, MOST_VERSIONS)
    with Office(args) as office:
        scripts.approve(office.database, args.scene, version, _name(args), office.clock.now_ms())


def _retire(args: argparse.Namespace) -> None:
    version = people.whole(args.version, MOST_VERSIONS)
    with Office(args) as office, office.database.transaction() as conn:
        desk.retire_script(conn, args.scene, version, office.clock.now_ms())


_STATES = {"draft": "草稿", "approved": "已批准", "retired": "已停用"}


def _list(args: argparse.Namespace) -> None:
    with Office(args) as office, office.database.reading() as conn:
        rows = scripts.listed(conn, args.scene)
    if args.json:
        say(json.dumps(rows, ensure_ascii=False))
        return
    place = 1 if args.language == "en" else 0
    for row in rows:
        state = row["state"] if place else _STATES[row["state"]]
        words = (f"{row['scene']} {row['version']}", state, row["prompt"][place], row["line"][place])
        say("  ".join(word for word in (*words, row["author"], row["approved_by"]) if word))


def _start(args: argparse.Namespace) -> None:
    versions = [people.whole(text, MOST_VERSIONS) for text in args.versions.split(",")]
    if not 1 <= len(set(versions)) <= 4:
        raise PosError("bad_usage", usage="--versions N,N (1-4)")
    holdout = from_zero(args.holdout, experiments.MOST_HOLDOUT)
    with Office(args) as office:
        experiments.start(office.database, args.id, args.scene, versions, holdout, office.clock.now_ms())


def _stop(args: argparse.Namespace) -> None:
    with Office(args) as office:
        experiments.stop(office.database, args.id, office.clock.now_ms())


def _report(args: argparse.Namespace) -> None:
    with Office(args) as office, office.database.reading() as conn:
        told = experiments.report(conn, args.id)
    if args.json:
        say(json.dumps(told, ensure_ascii=False))
        return
    english = args.language == "en"
    for arm in told["arms"]:
        name = f"{arm['version']}" if arm["version"] else ("holdout" if english else "对照")
        counts = (arm["assigned"], arm["shown"], arm["accepted"], arm["declined"], arm["ignored"], arm["bought"])
        line = (
            "{}: {} persons, {} shown, {} accepted, {} declined, {} ignored, {} bought"
            if english
            else "{}: {} 人, 展示 {}, 采用 {}, 谢绝 {}, 未理会 {}, 购买 {}"
        ).format(name, *counts)
        few = f"  {UNKNOWN} ({FEW[english]})" if arm["few"] else ""
        say(line + _interval(arm["purchase_rate"], "percent") + _interval(arm.get("uplift"), "points") + few)


def _interval(told: dict[str, float] | None, name: str) -> str:
    if told is None:
        return ""
    unit = "%" if name == "percent" else " pp"
    return f"  {told[name]}{unit} [{told['low']}, {told['high']}]"

"""Keeps the house in order: who imports whom, how things are called, how large they grow, what is never said.

Every rule is a generator that reads a tree of files and yields each place that breaks it. The first test asks
all rules of this project; the others hand a rule a small tree that breaks it, or one that does not.
"""

from __future__ import annotations

import ast
import json
import re
import string
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

GROUND = (
    "version money quantity shortcuts answers clock dates ids hq_sentences errors log settings keys chain "
    "messages streams calls wire rules"
).split()
TELLS = ("errors", "hq_sentences")
FIRST_FLOOR = "db tables migrations journal devices ui".split()
ROOMS = "catalog shift members joining coupons selling pickup board sync setup".split()
ROOF = "verify backup books papers cash_up standing till script app demo __main__".split()
# Arrows go from a higher floor to a lower one and are free within a floor. Each room is a floor of its own.
FLOORS = [GROUND, FIRST_FLOOR, *([room] for room in ROOMS + ROOF)]
HEIGHT = {name: height for height, names in enumerate(FLOORS) for name in names}

QT = ("PySide6", "shiboken6")
DATABASE = ("alembic", "psycopg", "sqlalchemy", "sqlcipher3", "sqlite3")
EMPTY_WORDS = "utils?|helpers?|common|managers?|controllers?|handlers?|services?|processors?|base|misc|core"
BANNED_NAME = re.compile(
    rf"(^|_)({EMPTY_WORDS}|repositor(y|ies)|unit_of_work)$|^(utils?|helpers?|common|base|misc|core)_"
)
LONGEST_FILE, LONGEST_FUNCTION = 600, 80
FRONT = "posapp/till/__init__.py"
"""The one `__init__.py` that is not empty: here the till is made of its verbs. It keeps every other rule."""
# Registries and developers' folders; the brackets keep this file from matching itself.
ELSEWHERE = re.compile(
    r"py[p]i[.]org|python[h]osted|registry[.]np[m]js|deb[.]deb[i]an|secur[i]ty[.]deb"
    r"|/(wor)k/|/(far)m/|/(roo)t/|/(hom)e/\w|/(User)s/\w|\\(User)s\\"
)


@dataclass(frozen=True)
class File:
    """A Python file, read; its path is from the root, with slashes."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @cached_property
    def module(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @cached_property
    def room(self) -> str:
        return room_of(self.module)

    @cached_property
    def imports(self) -> list[tuple[str, int, str]]:
        """What is imported, with the name after `import`; the line; the functions it stands in."""
        return list(imports_in(self.tree, ""))


def imports_in(node: ast.AST, inside: str) -> Iterator[tuple[str, int, str]]:
    if isinstance(node, ast.Import):
        yield from ((name.name, node.lineno, inside) for name in node.names)
    elif isinstance(node, ast.ImportFrom):
        origin = "." * node.level + (node.module or "")
        yield from ((f"{origin}.{name.name}", node.lineno, inside) for name in node.names)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        inside = f"{inside}.{node.name}"
    for child in ast.iter_child_nodes(node):
        yield from imports_in(child, inside)


def read(root: Path, *folders: str) -> list[File]:
    paths = [path for folder in folders for path in sorted((root / folder).rglob("*.py"))]
    return [File(path.relative_to(root).as_posix(), path.read_text("utf-8")) for path in paths]


def within(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def room_of(module: str) -> str:
    """The part of posapp that a module or an imported name belongs to: `posapp.rules.cart` to rules."""
    return f"{module}..".split(".")[1] if within(module, "posapp") else ""


def is_screen(module: str) -> bool:
    """Whether a module of a room, or what is imported from it, is called screen, ..._screen or ..._dialog."""
    return any(re.fullmatch(r"(\w+_)?screen|\w+_dialog", part) for part in module.split(".")[2:])


def walls(root: Path) -> Iterator[str]:
    """Qt by file name, HQ by folder, no ORM in the till, arrows that only go down."""
    for file in read(root, "posapp", "drivers"):
        if file.room and file.room not in HEIGHT and file.room != "hq":
            yield f"{file.path}: {file.room} has no floor; give it one in tests/test_house.py"
        for target, line, inside in file.imports:
            if wrong := wrong_import(file, target, inside):
                yield f"{file.path}:{line}: imports {target}; {wrong}"


def wrong_import(file: File, target: str, inside: str) -> str:
    """The wall that an import breaks, or nothing."""
    here, there = file.room, room_of(target)
    screen = here in [*ROOMS, "demo"] and is_screen(file.module)
    # Each row: who asks, for what, and why not.
    rows = [
        (True, target.startswith("."), "imports are written in full"),
        (within(file.module, "drivers"), there, "drivers know nothing of posapp"),
        (
            here not in ("", "devices", "demo"),
            within(target, "drivers") and not within(target, "drivers.contracts"),
            "only devices.py and the demo know drivers",
        ),
        (
            here not in ("app", "ui") and not screen,
            within(target, *QT, "posapp.ui"),
            "only app.py, ui/ and screens know Qt",
        ),
        (here in GROUND, within(target, *DATABASE), "the ground floor knows no database"),
        (here != "hq", within(target, "sqlalchemy.orm", "alembic"), "the till uses Core statements only"),
        (
            here not in ("", "hq") and not (here in ("demo", "__main__") and "hq" in inside),
            there == "hq",
            "the till never imports HQ",
        ),
        (here == "hq", there not in ("", "hq", *GROUND), "HQ stands on the ground floor alone"),
        (here in HEIGHT, HEIGHT.get(there, 0) > HEIGHT.get(here, 0), f"{here} is below {there}"),
        (
            here in ROOMS and screen,
            there in ROOMS and there != here and is_screen(target),
            "that is another room's screen",
        ),
    ]
    return next((reason for who, what, reason in rows if who and what), "")


def cycles(root: Path) -> Iterator[str]:
    """The two lowest floors are free inside, but not in a circle."""
    files = [file for file in read(root, "posapp") if file.room in GROUND + FIRST_FLOOR]
    modules = {file.module for file in files}
    arrows: dict[str, set[str]] = {}
    for file in files:
        targets = {target for target, _, _ in file.imports}
        targets |= {target.rpartition(".")[0] for target in targets}
        arrows[file.module] = (targets & modules) - {file.module}
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        yield " -> ".join(error.args[1])


def names(root: Path) -> Iterator[str]:
    """A name says which thing of the shop a file, folder or class is about."""
    for file in read(root, "posapp", "drivers", "installer", "tests"):
        for part in file.path.removesuffix(".py").split("/"):
            if BANNED_NAME.search(part.removeprefix("test_").strip("_")):
                yield f"{file.path}: {part} says nothing"
        for node in ast.walk(file.tree):
            if isinstance(node, ast.ClassDef):
                words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", node.name)
                if BANNED_NAME.search(words.lower().strip("_")):
                    yield f"{file.path}:{node.lineno}: {node.name} says nothing"


def shape(root: Path) -> Iterator[str]:
    """Every module says what lives in it, and that can be taken in."""
    seen: dict[str, str] = {}
    for file in read(root, "posapp", "drivers", "installer", "tests"):
        if file.path.endswith("__init__.py") and file.path != FRONT:
            if file.text:
                yield f"{file.path}: is not empty"
            continue
        told = ast.get_docstring(file.tree)
        if not told:
            yield f"{file.path}: has no docstring"
        elif (first := seen.setdefault(told, file.path)) != file.path:
            yield f"{file.path}: has the docstring of {first}"
        if (length := len(file.text.splitlines())) > LONGEST_FILE:
            yield f"{file.path}: {length} lines are too many"
        for node in ast.walk(file.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    yield f"{file.path}:{node.lineno}: {length} lines of {node.name} are too many"


def sentences(root: Path) -> Iterator[str]:
    """Every PosError has its sentence in both languages and is raised with the values the sentence wants."""
    nodes = [(file, node) for file in read(root, "posapp") for node in ast.walk(file.tree)]
    catalogue: dict[str, tuple[str, str]] = {}
    spoken: set[str] = set()
    for file, node in nodes:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target).endswith("SENTENCES"):
            assert isinstance(node.value, ast.Dict)
            pairs = [(key, said) for key, said in zip(node.value.keys, node.value.values, strict=True) if key]
            catalogue |= {ast.literal_eval(key): ast.literal_eval(said) for key, said in pairs}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and file.room not in TELLS:
            spoken.add(node.value)
    wanted = {code: placeholders(chinese) for code, (chinese, _) in catalogue.items()}
    for code, (_, english) in catalogue.items():
        if placeholders(english) != wanted[code]:
            yield f"posapp/errors.py: {code} has other placeholders in English than in Chinese"
        # Until the roof is on, a sentence may wait for its room.
        if code not in spoken and (root / "posapp/__main__.py").exists():
            yield f"posapp/errors.py: {code} is never raised"
    for file, node in nodes:
        match node:
            case ast.Call(
                func=ast.Name(id="PosError") | ast.Attribute(attr="PosError"),
                args=[ast.Constant(value=str(code))],
            ):
                given = {keyword.arg for keyword in node.keywords}
                if code not in wanted:
                    yield f"{file.path}:{node.lineno}: {code} has no sentence"
                elif None not in given and given != wanted[code]:
                    yield f"{file.path}:{node.lineno}: the sentence of {code} wants {sorted(wanted[code])}"


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def elsewhere(root: Path) -> Iterator[str]:
    """No registry's host and no developer's folder in any text that is committed, or would be."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        told = subprocess.run(listing, cwd=root, capture_output=True, check=True).stdout.decode()
        paths = [root / name for name in told.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):  # no git, or not a checkout
        paths = [path for path in root.rglob("*") if not re.search(r"/\.(venv|\w+_cache)/", path.as_posix())]
    for path in sorted(path for path in paths if path.is_file()):
        raw = path.read_bytes()
        if b"\0" in raw[:8192]:
            continue
        for number, line in enumerate(raw.decode("utf-8", "replace").splitlines(), 1):
            if found := ELSEWHERE.search(line):
                yield f"{path.relative_to(root).as_posix()}:{number}: {found[0]}"


Rule = Callable[[Path], Iterator[str]]


@pytest.mark.parametrize("rule", [walls, cycles, names, shape, sentences, elsewhere])
def test_the_house_is_in_order(rule: Rule) -> None:
    assert list(rule(ROOT)) == []


def test_no_locked_package_is_under_the_gpl() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    locked = set(re.findall(r"^([a-z0-9][\w.-]*)==", lock, re.MULTILINE))
    command = [sys.executable, "-m", "piplicenses", "--from=all", "--with-system", "--format=json"]
    licences: dict[str, str] = {}
    for package in json.loads(subprocess.run(command, capture_output=True, check=True).stdout):
        name = re.sub(r"[-_.]+", "-", package["Name"]).lower()
        stated = {text for key, text in package.items() if key.startswith("License-")} - {"UNKNOWN"}
        if name in locked:
            licences[name] = " / ".join(sorted(stated))
    assert len(licences) > 30
    assert {name for name, stated in licences.items() if not stated} <= {"sqlcipher3"}  # zlib
    strong = re.compile(r"(?<!L)GPL|(?<!Lesser )General Public")
    # "A OR B" leaves the choice to us
    forced = {name: stated for name, stated in licences.items() if all(map(strong.search, stated.split(" OR ")))}
    # docutils is public domain and BSD but for a file for Emacs that its package does not hold (its COPYING)
    assert set(forced) <= {"docutils"}


TOLD = '"""Told."""\n'
CATALOGUE = 'SENTENCES: dict[str, tuple[str, str]] = {"gone": ("{what} 不见了", "{what} is gone.")}\n'


@pytest.mark.parametrize(
    ("rule", "path", "text", "complaint"),
    [
        (walls, "posapp/selling/sale.py", "from PySide6.QtCore import QTimer", "screens know Qt"),
        (walls, "posapp/selling/sale.py", "from posapp.ui import keypad", "screens know Qt"),
        (walls, "posapp/hq/server.py", "from posapp.selling import sale", "ground floor alone"),
        (walls, "posapp/till/status.py", "def hq() -> None:\n    import posapp.hq.server", "never imports HQ"),
        (walls, "posapp/__main__.py", "import posapp.hq.server", "never imports HQ"),
        (walls, "posapp/journal.py", "from sqlalchemy import orm", "Core statements only"),
        (walls, "posapp/money.py", "import sqlcipher3.dbapi2", "knows no database"),
        (walls, "posapp/catalog/prices.py", "from posapp import selling", "catalog is below selling"),
        (walls, "posapp/rules/cart.py", "from posapp.db import transaction", "rules is below db"),
        (walls, "posapp/sync/push.py", "def later() -> None:\n    import posapp.till", "sync is below till"),
        (walls, "posapp/pickup/list_screen.py", "import posapp.selling.screen", "another room's screen"),
        (walls, "posapp/shift/people.py", "from . import count", "written in full"),
        (walls, "posapp/shift/drawer.py", "from drivers import catalogue", "only devices.py and the demo"),
        (walls, "posapp/demo/shop.py", "from PySide6.QtCore import QTimer", "screens know Qt"),
        (walls, "posapp/demo/tray_screen.py", "import posapp.hq.server", "never imports HQ"),
        (walls, "drivers/contracts.py", "from posapp.money import Money", "drivers know nothing"),
        (walls, "posapp/gadgets/one.py", "", "has no floor"),
        (cycles, "posapp/clock.py", "from posapp.errors import PosError", "posapp.clock"),
        (names, "posapp/selling/price_utils.py", "", "price_utils says nothing"),
        (names, "posapp/common/words.py", "", "common says nothing"),
        (names, "posapp/selling/sale.py", "class SaleManager: ...", "SaleManager says nothing"),
        (names, "posapp/db.py", "class UnitOfWork: ...", "UnitOfWork says nothing"),
        (names, "posapp/db.py", "class BaseSale: ...", "BaseSale says nothing"),
        (shape, "posapp/ids.py", "\n" * LONGEST_FILE, "601 lines are too many"),
        (shape, "posapp/ids.py", "def make() -> None:\n" + "    ...\n" * LONGEST_FUNCTION, "81 lines"),
        (shape, "posapp/shift/__init__.py", "", "is not empty"),
        (shape, FRONT, "", "has the docstring of posapp/clock.py"),
        (shape, "posapp/errors.py", "", "has the docstring of posapp/clock.py"),
        (sentences, "posapp/errors.py", CATALOGUE.replace("{what} is", "it is"), "other placeholders"),
        (sentences, "posapp/db.py", 'raise PosError("lost")', "lost has no sentence"),
        (sentences, "posapp/db.py", 'raise errors.PosError("gone", who=1)', "gone wants ['what']"),
        (sentences, "posapp/__main__.py", "", "gone is never raised"),
        (elsewhere, "posapp/db.py", "FOLDER = '/ho" + "me/anna/till'", "posapp/db.py:2"),
        (elsewhere, "docs/setup.md", "https://py" + "pi.org/simple", "docs/setup.md:2"),
    ],
)
def test_a_broken_rule_is_told(rule: Rule, path: str, text: str, complaint: str, tmp_path: Path) -> None:
    write(tmp_path, "posapp/clock.py", TOLD)
    write(tmp_path, "posapp/errors.py", '"""Sentences."""\nimport posapp.clock\n' + CATALOGUE)
    assert list(rule(tmp_path)) == []
    write(tmp_path, path, TOLD + text)
    assert complaint in "\n".join(rule(tmp_path))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("posapp/selling/screen.py", "import PySide6.QtCore, posapp.ui.qr, posapp.shift.people"),
        ("posapp/app.py", "import posapp.selling.screen\nfrom posapp.pickup import list_screen"),
        ("posapp/__main__.py", "def hq_serve() -> None:\n    from posapp.hq import server"),
        ("posapp/hq/tables.py", "import sqlalchemy.orm, posapp.hq.feed\nfrom posapp.rules import cart"),
        ("posapp/devices.py", "from drivers import catalogue"),
        ("posapp/demo/paper_screen.py", "import PySide6.QtCore, posapp.ui.qr\nfrom drivers.printers import virtual"),
        ("posapp/selling/receipt.py", "from drivers.contracts import Document"),
        ("posapp/messages.py", "class ServiceDone: ..."),
    ],
)
def test_what_the_walls_allow_passes(path: str, text: str, tmp_path: Path) -> None:
    write(tmp_path, path, TOLD + text)
    assert [*walls(tmp_path), *names(tmp_path)] == []


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, "utf-8")

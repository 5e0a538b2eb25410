"""Every page of the till has its picture, in both languages, and no picture is left of what is gone."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.screenshots import FOLDER, LANGUAGES, SCREENS
from tests.screenshots_console import PICTURES

ROOT = Path(__file__).parents[2]
MOST = 6_000_000


def pages(source: str) -> set[str]:
    """The names that app.py shows pages by: those it calls for, and those it shows by whatever name it is given."""
    shows = ("show_page", "show_setup", "show")
    nodes = list(ast.walk(ast.parse(source)))
    called = {
        str(word.value)
        for call in nodes
        if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] in shows
        for word in call.args
        if isinstance(word, ast.Constant)
    }
    lists = [node.value for node in nodes if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_LISTS"]
    return called | {str(word.value) for made in lists for word in ast.walk(made) if isinstance(word, ast.Constant)}


def test_every_page_has_a_picture() -> None:
    known = pages((ROOT / "posapp/app.py").read_text("utf-8"))
    assert {"sale", "locked", "slip", "devices", "receipt", "mine"} <= known
    assert known == {screen.page for screen in SCREENS}


def test_a_new_page_is_found() -> None:
    assert pages('self.window.show_page("board")\nshow = self.show_setup\nlambda: show("cups")') == {"board", "cups"}
    assert pages('_LISTS = frozenset({"mine", "leads"})') == {"mine", "leads"}


OTHERS = ("tour", "page-join", "page-welcome", "page-member", "stand")
"""Pictures that are no screen of the window: the whole demo, the customer's pages, the card on the counter."""


def test_every_picture_is_there_and_small() -> None:
    names = [*(one.name for one in SCREENS), *(one.name for one in PICTURES), *OTHERS]
    wanted = {f"{language}/{name}.png" for language in LANGUAGES for name in names}
    held = {file.relative_to(FOLDER).as_posix(): file.stat().st_size for file in FOLDER.rglob("*") if file.is_file()}
    assert set(held) == wanted, "make screenshots"
    assert sum(held.values()) < MOST
    assert min(held.values()) > 1_000

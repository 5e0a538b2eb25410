"""Both languages are complete: what a screen says is found by lupdate, translated, compiled and spoken."""

from __future__ import annotations

import ast
import re
import shlex
import shutil
import string
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication

from posapp.app import App
from posapp.streams import SettingRow
from posapp.ui.language import TRANSLATIONS, speak
from tests.shop import Chain

ROOT = Path(__file__).parents[2]
ENGLISH = TRANSLATIONS / "posapp_en.ts"
CHINESE = re.compile("[\u2e80-\u9fff\uff00-\uffef]")


def tool(name: str, *words: str) -> None:
    """A tool of Qt Linguist, as it was installed with PySide6."""
    subprocess.run([str(Path(sys.executable).with_name(f"pyside6-{name}")), *words], cwd=ROOT, check=True)


def messages(file: Path) -> dict[tuple[str, str], ElementTree.Element]:
    """By context and Chinese text: the message's translation."""
    found = {}
    for context in ElementTree.parse(file).getroot().iter("context"):  # noqa: S314  (our own file)
        for message in context.iter("message"):
            translation = message.find("translation")
            assert translation is not None
            found[context.findtext("name") or "", message.findtext("source") or ""] = translation
    return found


def untranslated(path: str, text: str, known: set[tuple[str, str]]) -> Iterator[str]:
    """Each Chinese text of a screen's source that would stay Chinese in English.

    It is right where it is the one argument of self.tr in a class known by that name, or of _tr, and where its
    English stands beside it.
    """
    tree = ast.parse(text)
    told: set[ast.AST] = set()
    for around in ast.walk(tree):
        if isinstance(around, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(around):
            told.add(around.body[0].value)  # type: ignore[attr-defined]
        beside = around.args if isinstance(around, ast.Call) else around.elts if isinstance(around, ast.Tuple) else []
        if len(beside) >= 2 and all(isinstance(one, ast.Constant) for one in beside[-2:]):
            chinese, english = beside[-2:]
            if not CHINESE.search(str(english.value)):  # type: ignore[attr-defined]
                told.add(chinese)
    for scope in [tree, *(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))]:
        for node in ast.walk(scope):
            match node:
                case ast.Call(func=ast.Name("_tr"), args=[ast.Constant(str(said)) as literal]):
                    context = ""
                case ast.Call(func=ast.Attribute(ast.Name("self"), "tr"), args=[ast.Constant(str(said)) as literal]):
                    context = scope.name if isinstance(scope, ast.ClassDef) else "?"
                case _:
                    continue
            if (context, said) in known:
                told.add(literal)
    for node in ast.walk(tree):
        match node:
            case ast.Constant(str(said)) if node not in told and CHINESE.search(said):
                yield f"{path}:{node.lineno}: {said}"


def screens() -> list[Path]:
    return [path for path in sorted((ROOT / "posapp").rglob("*.py")) if "PySide6" in path.read_text("utf-8")]


def test_what_lupdate_finds_is_what_is_kept(tmp_path: Path) -> None:
    (options,) = re.findall(r"^lupdate := ((?:.*\\\n)*.*)", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    found = tmp_path / ENGLISH.name
    shutil.copy(ENGLISH, found)
    tool("lupdate", *shlex.split(options.replace("\\\n", " ")), "-silent", "posapp", "-ts", str(found))
    assert found.read_text("utf-8") == ENGLISH.read_text("utf-8"), "make translations"


def test_every_text_is_translated() -> None:
    for (_, chinese), translation in messages(ENGLISH).items():
        english = translation.text or ""
        assert translation.get("type") is None, f"{chinese}: {translation.get('type')}"
        assert english.strip() or not chinese.strip(), chinese
        assert not CHINESE.search(english), english
        assert places(english) == places(chinese), english


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_what_is_compiled_is_what_was_translated(tmp_path: Path) -> None:
    compiled = tmp_path / "posapp_en.qm"
    tool("lrelease", "-silent", str(ENGLISH), "-qm", str(compiled))
    assert compiled.read_bytes() == ENGLISH.with_suffix(".qm").read_bytes(), "make translations"


def test_no_chinese_text_of_a_screen_escapes() -> None:
    known = set(messages(ENGLISH))
    assert len(known) > 200
    assert [told for path in screens() for told in untranslated(path.name, path.read_text("utf-8"), known)] == []


@pytest.mark.parametrize(
    "text",
    [
        'label("合计")',
        'self.tr("合计")',
        'class A(QObject):\n    def a(self):\n        self.tr("新的")',
        'class B(QObject):\n    def a(self):\n        self.tr("合计")',
        'class A(QObject):\n    def a(self, n):\n        self.tr(f"共 {n}")',
        '_tr("合计")',
        '("合计", "总计")',
    ],
)
def test_a_text_that_escapes_is_told(text: str) -> None:
    known = {("A", "合计"), ("", "找零")}
    said = 'self.tr("合计"), _tr("找零"), say(n, "找零", "Change")'
    right = f'"""合计"""\nclass A(QObject):\n    def a(self):\n        {said}\n'
    assert list(untranslated("screen.py", right, known)) == []
    assert len(list(untranslated("screen.py", right + text, known))) >= 1


def test_the_screens_speak_the_language_of_the_store(qapp: QApplication, chain: Chain) -> None:
    till = chain.till()
    for language, title, pay in (("en", "Sign in", "Pay"), ("zh", "登录", "收款"), ("en", "Sign in", "Pay")):
        chain.publish("settings", {("chain", "language"): SettingRow(language)})
        till.sync()
        speak(qapp, till.settings.language)
        app = App(till)
        try:
            assert app.sign_in.title.text() == title
            assert app.sale.selling.pay_button.text() == pay
        finally:
            app.close()
    speak(qapp, "zh")


def test_qt_itself_speaks_chinese(qapp: QApplication) -> None:
    speak(qapp, "zh")
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "取消"
    speak(qapp, "en")
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "Cancel"
    speak(qapp, "zh")

"""What pages show has a name in both languages, and no word of the program's own."""

from __future__ import annotations

from posapp.demo.shop import read_shop
from posapp.hq.care import scripts
from posapp.hq.console.pages.scripts_page import SCRIPT_NAMES
from posapp.hq.segments import visitors


def test_every_scene_that_words_are_written_for_has_a_name() -> None:
    assert {*scripts.SCENES, visitors.SCENE} == SCRIPT_NAMES.keys()
    shop = read_shop()
    written = {command[2] for command in shop.members + shop.today if command[:2] == ["script", "draft"]}
    assert written
    assert written <= SCRIPT_NAMES.keys()

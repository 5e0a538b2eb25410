"""A database put back behind HQ's back is noticed at the next start."""

from __future__ import annotations

import shutil
from pathlib import Path

from posapp.hq.database import open_database
from posapp.hq.generation import begin_run
from posapp.ids import seeded_chance
from posapp.keys import HqKeys, load_secrets, save_secrets

CHANCE = seeded_chance(4)


def run_once(folder: Path) -> str:
    database = open_database(folder / "hq.db")
    try:
        keys = load_secrets(folder / "hq-keys.json", HqKeys)
        return str(begin_run(folder, database, keys, CHANCE).generation)
    finally:
        database.close()


def test_the_same_database_keeps_its_generation_and_an_older_one_gets_another(tmp_path: Path) -> None:
    save_secrets(tmp_path / "hq-keys.json", HqKeys.fresh(CHANCE))
    first = run_once(tmp_path)
    shutil.copy(tmp_path / "hq.db", tmp_path / "kept.db")
    assert run_once(tmp_path) == first
    shutil.copy(tmp_path / "kept.db", tmp_path / "hq.db")
    second = run_once(tmp_path)
    assert second != first
    assert run_once(tmp_path) == second
    (tmp_path / "hq.db").unlink()
    assert run_once(tmp_path) not in (first, second)

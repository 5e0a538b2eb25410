"""Other people's members taken over: forty with their points as the chain before kept them.

POSAPP_REAL_DATA names the folder that holds the file; it belongs to others and is no part of this project.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from posapp.clock import SystemClock
from posapp.hq import verify
from posapp.hq.database import open_database
from posapp.hq.members import imports
from posapp.hq.members.tables import person, person_key
from posapp.hq.vault import Vault
from posapp.ids import system_chance
from posapp.keys import HqKeys

pytestmark = pytest.mark.proof

MEMBERS = "ru_x5_members_1_40.jsonl.gz"
MOVED = (
    "regular_points_received",
    "express_points_received",
    "regular_points_spent",
    "express_points_spent",
)


def tenths(member: dict[str, Any]) -> int:
    """A balance in tenths of a point, which is what that chain counts in; ours are whole."""
    summed = sum(Decimal(str(receipt[name])) for receipt in member["transaction_history"] for name in MOVED)
    assert summed * 10 == int(summed * 10)
    return int(summed * 10)


def test_every_balance_is_what_the_chain_before_kept(tmp_path: Path) -> None:
    named = os.environ.get("POSAPP_REAL_DATA")
    if not named:
        pytest.skip("POSAPP_REAL_DATA does not name the folder of the real data")
    with gzip.open(Path(named) / MEMBERS, "rt", encoding="utf-8") as lines:
        members = [json.loads(line) for line in lines]
    file = tmp_path / "members.csv"
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(["会员卡号", "积分", "最后消费"])
        for member in members:
            last = max((receipt["datetime"] for receipt in member["transaction_history"]), default="")
            writer.writerow([member["client_id"], tenths(member), last[:10]])
    database = open_database(tmp_path / "hq.db")
    try:
        vault = Vault(HqKeys.fresh(system_chance), system_chance)
        for _ in range(2):  # the second time nothing is new
            report = imports.import_members(database, vault, SystemClock(), system_chance, file)
            assert (report.taken, report.refused) == (len(members), [])
        with database.reading() as conn:
            rows = conn.execute(
                select(person_key.c.hash, person.c.balance).join(person, person.c.ref == person_key.c.ref)
            )
            held = {row.hash: row.balance for row in rows}
        wanted = {vault.index("card", member["client_id"]): tenths(member) for member in members}
        assert len(members) == 40
        assert held == wanted
        assert verify.verify(database).error is None
    finally:
        database.close()

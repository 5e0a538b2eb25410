"""A customer wants to see, to be left alone, or to be gone: journey J16 of the shop, and what is left afterwards."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, select, update

from posapp.clock import DAY
from posapp.errors import PosError
from posapp.hq import commands, feed, verify
from posapp.hq.columns import metadata
from posapp.hq.joining.tables import given, static_code
from posapp.hq.members import consents, dossier, points, privacy
from posapp.hq.members.identity import Means, known_by, merge_persons
from posapp.hq.members.privacy import Recipient
from posapp.hq.members.tables import attribute, benefit, merge, person, points_entry, privacy_request
from posapp.hq.people import set_value
from posapp.hq.tables import batch, counter, sale
from posapp.messages import AttributeNoted, Consent, PrivacyRequested
from posapp.rules.consents import MARKETING, PERSONAL
from tests.hq.members.desk import PHONE, Desk
from tests.hq.shop import Shop, Till, on_sqlite, wait_until

NAME = "欧阳小明"


class Told:
    """A recipient of personal data that keeps what it is told."""

    def __init__(self) -> None:
        self.forgot: list[tuple[list[str], list[str]]] = []

    @property
    def recipient(self) -> Recipient:
        return Recipient("sms", self._held, self._forget)

    def _held(self, _conn: Connection, refs: Sequence[str]) -> list[dict[str, Any]]:
        return [{"ref": refs[0], "messages": 2}]

    def _forget(self, _conn: Connection, _means: Means, refs: Sequence[str], phones: Sequence[str]) -> None:
        self.forgot.append((list(refs), list(phones)))


@pytest.fixture
def member(desk: Desk) -> str:
    """A member who likes something, has a gift and a code for friends, and was corrected by hand."""
    ref = desk.member(PHONE, NAME, 100)
    at = desk.clock.now
    with desk.writing() as conn:
        consents.note(conn, ref, [_act(MARKETING), _act(PERSONAL)], at, "page s1", "page")
        noted = {"ref": ref, "name": "size", "at": at, "source": "e1", "value": "l", "by": "member"}
        conn.execute(attribute.insert(), noted)
        promise = {"id": "b1", "ref": ref, "campaign": "c", "kind": "gift", "name": '["试用装","Sample"]', "made": at}
        conn.execute(benefit.insert(), {**promise, "fen": 0, "least": 0, "article": "G1", "ends": 0})
        hash_ = desk.vault.index("phone", PHONE)
        conn.execute(given.insert(), {"campaign": "c", "phone": hash_, "ref": ref, "at": at})
        code = {"token": "T", "channel": "referral", "store": 0, "till": 0, "clerk": 0, "ref": ref, "label": ""}
        conn.execute(static_code.insert(), {**code, "made": at, "revoked": 0})
        points.book(conn, ref, "adjust", "hq x", 5, at, detail=f"给{NAME}补分")
    return ref


def _act(purpose: str) -> Consent:
    return Consent(purpose, 1, "2026-11")


def _everything(conn: Connection) -> str:
    return "\n".join(
        repr([bytes(cell) if isinstance(cell, memoryview) else cell for cell in row])
        for table in metadata.sorted_tables
        for row in conn.execute(select(table))
    )


def _sealed(desk: Desk, ref: str) -> list[str]:
    """What stands in the database for the phone, the name and the member code."""
    with desk.database.reading() as conn:
        row = conn.execute(select(person).where(person.c.ref == ref)).one()
        return [row.phone, row.name, row.code, row.lookup, row.code_hash]


def _follow(shop: Shop) -> None:
    shop.settle()

    def followed() -> bool:
        with shop.database.reading() as conn:
            last = conn.scalar(select(batch.c.n).order_by(batch.c.n.desc()).limit(1)) or 0
            return bool((conn.scalar(select(counter.c.n).where(counter.c.name == "followed")) or 0) >= last)

    wait_until(followed)


def _caught_up(till: Till, cursor: str = "") -> tuple[str, set[str]]:
    """The till reads the stream on to its end and comes back with where it is: its cursor, and who went."""
    complete, gone = False, set()
    while not complete:
        page = till.page("members", cursor)
        cursor, complete = page.cursor, page.complete
        gone |= {row.key for row in page.rows if row.data is msgspec.UNSET}
    till.page("members", cursor)
    return cursor, gone


def test_a_customer_is_gone_everywhere_and_the_sales_stay(shop: Shop, desk: Desk, member: str) -> None:
    till, other = shop.till(), shop.till()
    journal = till.journal()
    journal.sale(1_000, member=member)
    journal.add(PrivacyRequested(member, "erase"))
    till.push(journal.jid, journal.entries)
    _follow(shop)
    cursor, _ = _caught_up(till)
    told = Told()
    with desk.database.reading() as conn:
        asked = conn.execute(select(privacy_request)).one()
        assert (asked.kind, asked.state, asked.due - asked.made) == ("erase", "open", 15 * DAY)
        lost = privacy.losses(conn, member)
        assert (lost.points, lost.benefits) == (125, [("试用装", "Sample")])  # a birthday doubles the ten
    stood = _sealed(desk, member)
    with desk.writing() as conn:
        with pytest.raises(PosError, match="not_carried_out"):
            privacy.finish(conn, asked.number, desk.clock.now)
        feed.publish(conn, privacy.erase(conn, desk.means, asked.number, [told.recipient]))
    privacy.purge(desk.database)
    assert told.forgot == [([member], [PHONE])]
    with desk.writing() as conn:
        assert privacy.finish(conn, asked.number, desk.clock.now) == ["S001T01", "S001T02"]
    till.page("members", cursor)  # where it was before: it is told, and has not said that it heard
    with desk.database.reading() as conn:
        assert privacy.missing(conn, asked.number) == ["S001T01", "S001T02"]
    assert _caught_up(till, cursor)[1] == {member}
    with desk.writing() as conn:
        assert privacy.finish(conn, asked.number, desk.clock.now) == ["S001T02"]
    journal.add(AttributeNoted(member, "size", "s"))  # from a till that did not know yet
    till.push(journal.jid, journal.entries[-1:])
    _follow(shop)
    _caught_up(other)
    with desk.writing() as conn:
        assert privacy.missing(conn, asked.number) == []
        assert conn.execute(select(attribute)).all() == []
        everything = _everything(conn)
        row = conn.execute(select(privacy_request)).one()
        assert (row.state, row.done) == ("done", desk.clock.now)
        assert conn.scalar(select(sale.c.member)) == member
        assert conn.execute(select(points_entry).where(points_entry.c.kind == "earn")).one().ref == member
        assert known_by(conn, "phone", desk.vault.index("phone", PHONE)) is None
    for secret in (PHONE, PHONE[3:], NAME, "欧阳", *stood):
        assert secret not in everything
    # one phone, one gift, for ever: a hash without a person
    assert desk.vault.index("phone", PHONE) in everything
    assert verify.verify(desk.database).error is None
    with desk.writing() as conn, pytest.raises(PosError, match="not_to_erase"):
        privacy.erase(conn, desk.means, asked.number)


@on_sqlite
def test_no_byte_of_the_person_is_left_in_the_file(desk: Desk, member: str) -> None:
    files = sorted(Path(desk.database.name).parent.glob("hq.db*"))
    stood = _sealed(desk, member)
    assert any(stood[0].encode() in file.read_bytes() for file in files)
    with desk.writing() as conn:
        number, _ = privacy.request(conn, desk.means, member, privacy.ERASE, "test")
        feed.publish(conn, privacy.erase(conn, desk.means, number))
    privacy.purge(desk.database)
    raw = b"".join(file.read_bytes() for file in files)
    for secret in (PHONE, PHONE[3:], NAME, *stood):
        assert secret.encode() not in raw


def test_who_joins_again_is_somebody_new(desk: Desk, member: str) -> None:
    with desk.writing() as conn:
        number, _ = privacy.request(conn, desk.means, member, privacy.ERASE, "test")
        feed.publish(conn, privacy.erase(conn, desk.means, number))
    again = desk.member(PHONE, NAME, 0)
    assert again != member
    assert desk.roots() == {member: member, again: again}
    assert (desk.balance(member), desk.balance(again)) == (0, 0)


def test_all_ids_of_a_person_are_erased_and_the_history_of_merges_keeps_them(desk: Desk, member: str) -> None:
    other = desk.member("+8613900000002", "张三", 7, store=2)
    with desk.writing() as conn:
        merge_persons(conn, desk.means, member, other, "unionid", "test")
        number, _ = privacy.request(conn, desk.means, other, privacy.ERASE, "test")
        told = Told()
        rows = privacy.erase(conn, desk.means, number, [told.recipient])
        assert all(row is None for row in rows["members"].values())
        assert {scope for scope, _ in rows["members"]} == {"store:1", "store:2"}
        feed.publish(conn, rows)
        assert told.forgot == [([member, other], [PHONE, "+8613900000002"])]
        assert conn.execute(select(merge)).one().undone == 0
        assert set(conn.scalars(select(person.c.status))) == {"erased"}
        assert "13900000002" not in _everything(conn)
    assert verify.verify(desk.database).error is None


def test_a_withdrawal_counts_at_once_and_once(desk: Desk, member: str) -> None:
    with desk.writing() as conn:
        assert consents.may_market(conn, member)
        number, rows = privacy.request(conn, desk.means, member, privacy.WITHDRAW, "page 1")
        assert not consents.may_market(conn, member)
        assert rows["members"]["store:1", member].consents["marketing"] == 0
        assert privacy.request(conn, desk.means, member, privacy.WITHDRAW, "page 1") == (number, {})
        privacy.request(conn, desk.means, member, privacy.IMPERSONAL, "page 1")
        assert consents.standing(conn, member)[PERSONAL].given is False
        assert set(conn.scalars(select(privacy_request.c.state))) == {"done"}
        with pytest.raises(PosError, match="bad_choice"):
            privacy.request(conn, desk.means, member, "explode", "page 1")


def test_the_file_holds_everything_and_can_be_read(shop: Shop, desk: Desk, member: str) -> None:
    till = shop.till()
    journal = till.journal()
    journal.sale(1_234, member=member)
    till.push(journal.jid, journal.entries)
    _follow(shop)
    with desk.database.reading() as conn:
        raw = dossier.export(conn, desk.vault, member, [Told().recipient])
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        held = json.loads(archive.read("data.json"))
        page = archive.read("index.html").decode()
    assert (held["profile"][0]["phone"], held["profile"][0]["name"]) == (PHONE, NAME)
    assert held["profile"][0]["birthday"] == "11-22"
    assert [(key["kind"], key["strength"]) for key in held["keys"]] == [("phone", "verified")]
    assert held["purchases"][0]["total"] == "12.34"
    assert held["purchases"][0]["lines"][0]["name"] == "商品1"
    assert sorted(row["kind"] for row in held["points"]) == ["adjust", "adjust", "earn"]
    assert {row["purpose"] for row in held["consents"]} == {"marketing", "personal"}
    assert held["attributes"][0]["value"] == "l"
    assert held["recipients"] == [{"name": "sms", "held": [{"ref": member, "messages": 2}]}]
    for shown in (PHONE, NAME, "商品1", "12.34", "消费记录"):
        assert shown in page
    assert set(held) == set(dossier.TITLES)


def test_who_was_not_heard_of_for_years_is_swept(desk: Desk, member: str) -> None:
    fresh = desk.member("+8613900000002", "张三", 7)
    long_ago = desk.clock.now - 3 * 365 * DAY - 1
    with desk.writing() as conn:
        old = {"visited": long_ago, "joined": long_ago, "created": long_ago}
        conn.execute(update(person).where(person.c.ref == member).values(**old))
    set_value(desk.database, "chain", "forget_members_after", "0")
    assert privacy.sweep(desk.database, desk.means) == []
    set_value(desk.database, "chain", "forget_members_after", "3")
    assert len(privacy.sweep(desk.database, desk.means)) == 1
    assert privacy.sweep(desk.database, desk.means) == []
    with desk.database.reading() as conn:
        held = {row.ref: row.status for row in conn.execute(select(person))}
    assert held == {member: "erased", fresh: "active"}


def test_the_desk_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = commands.main([*words, "--data", str(tmp_path / "hq")])
        told = capsys.readouterr()
        return status, told.out.strip(), told.err.strip()

    file = tmp_path / "m.csv"
    file.write_text("会员卡号,手机号,姓名,积分\nC1,13800000001,张三,120\n", "utf-8")
    assert run("import", "members", str(file), "--phones-verified")[0] == 0
    status, number, err = run("privacy", "file", "13800000001", "erase")
    assert (status, err) == (0, "")
    assert number in run("privacy", "list")[1]
    assert "积分 120" in run("privacy", "show", number)[1]
    out = tmp_path / "me.zip"
    assert run("privacy", "export", number, str(out), "--reason", "本人到店")[0] == 0
    assert "张三" in zipfile.ZipFile(out).read("index.html").decode()
    assert run("privacy", "export", number, str(out), "--reason", "x")[0] == 2
    status, said, err = run("privacy", "erase", number)
    assert (status, "120" in said, "--yes" in err) == (2, True, True)
    assert run("privacy", "done", number)[0] == 2
    assert run("member", "find", "C1", "--reason", "x")[0] == 0
    status, said, err = run("privacy", "erase", number, "--yes")
    assert (status, said.splitlines()[-1], err) == (0, "已完成", "")
    assert json.loads(run("privacy", "list", "--json")[1])[0]["state"] == "done"
    assert run("member", "find", "C1", "--reason", "x")[0] == 2
    assert run("privacy", "sweep")[1] == "0"
    assert run("privacy", "show", "P0")[0] == 2

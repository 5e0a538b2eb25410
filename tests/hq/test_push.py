"""Receiving journals: everything authentic is kept, once, in order, whatever happens on the way."""

from __future__ import annotations

import threading

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from posapp.calls import HashAnswer, Head
from posapp.chain import Entry, canonical, genesis_hash
from posapp.hq.tables import batch, entry, event_identity, flag, journal_head, sale, sale_line
from posapp.hq.verify import verify
from posapp.ids import b64u
from posapp.messages import JournalOpened
from tests.hq.shop import Journal, Refused, Shop, Till, on_sqlite


def sales(till: Till, count: int) -> Journal:
    journal = till.journal()
    for n in range(count):
        journal.sale(100 + n, 50)
    return journal


def raw_of(shop: Shop) -> list[tuple[bytes, bytes, bytes]]:
    return [(row["header"], row["signature"], row["body"]) for row in shop.rows(entry)]


def test_a_journal_arrives_and_its_sales_are_counted(shop: Shop) -> None:
    till = shop.till()
    journal = sales(till, 3)
    answer = till.push(journal.jid, journal.entries)
    assert (answer.status, answer.seq, answer.hash) == ("ok", 4, b64u(journal.last_hash))
    assert (answer.generation, answer.server) == (shop.keys.generation, shop.clock.now)
    shop.settle()
    assert [row["total"] for row in shop.rows(sale)] == [150, 151, 152]
    assert len(shop.rows(sale_line)) == 6
    assert {row["kind"] for row in shop.rows(flag)} == {"unknown_product"}
    assert raw_of(shop) == [(e.header, e.signature, e.body) for e in journal.entries]
    assert till.head(journal.jid) == Head(journal.jid, 4, b64u(journal.last_hash))


def test_what_comes_again_is_acknowledged_and_not_counted_again(shop: Shop) -> None:
    till = shop.till()
    journal = sales(till, 4)
    for start, end in ((0, 2), (0, 2), (1, 4), (0, 5), (4, 5)):
        assert till.push(journal.jid, journal.entries[start:end]).status == "ok"
    answer = till.push(journal.jid, journal.entries)
    assert (answer.seq, answer.hash) == (5, b64u(journal.last_hash))
    shop.settle()
    assert len(shop.rows(sale)) == 4
    assert len(shop.rows(entry)) == 5
    assert [(row["first_seq"], row["last_seq"]) for row in shop.rows(batch)] == [(1, 2), (3, 4), (5, 5)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(st.tuples(st.integers(0, 9), st.integers(1, 6)), max_size=8))
def test_any_order_of_parts_ends_in_the_same_prefix(shop: Shop, parts: list[tuple[int, int]]) -> None:
    journal = sales(till := shop.till(1), 8)
    held = 0
    for start, length in parts:
        some = journal.entries[start : start + length]
        answer = till.push(journal.jid, some)
        if some and start > held:
            assert answer.status == "gap"
        else:
            assert answer.status == "ok"
            held = max(held, start + len(some)) if some else held
        assert answer.seq == held
        assert answer.hash == (b64u(journal.entries[held - 1].hash) if held else "")
    assert till.push(journal.jid, journal.entries[held:]).seq == 9


def test_a_gap_is_told_with_the_head_to_go_on_from(shop: Shop) -> None:
    till = shop.till()
    journal = sales(till, 4)
    assert till.push(journal.jid, journal.entries[2:]).status == "gap"
    assert till.push(journal.jid, journal.entries[2:]).seq == 0
    till.push(journal.jid, journal.entries[:2])
    answer = till.push(journal.jid, journal.entries[3:])
    assert (answer.status, answer.seq, answer.hash) == ("gap", 2, b64u(journal.entries[1].hash))
    # A hole inside a run keeps what comes before the hole.
    answer = till.push(journal.jid, [journal.entries[2], journal.entries[4]])
    assert (answer.status, answer.seq) == ("gap", 3)


def test_a_fork_is_told_and_nothing_held_is_changed(shop: Shop) -> None:
    till = shop.till()
    journal = sales(till, 3)
    till.push(journal.jid, journal.entries)
    before = raw_of(shop)
    other = till.journal()
    other.jid = journal.jid
    other.entries = journal.entries[:2]
    other.counter = 1
    other.sale(7777)
    other.sale(8888)
    other.sale(9999)
    assert till.push(journal.jid, other.entries).status == "fork"
    assert till.push(journal.jid, other.entries[4:]).status == "fork"
    assert raw_of(shop) == before
    shop.settle()
    assert [row["total"] for row in shop.rows(sale)] == [150, 151, 152]


@on_sqlite
@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_changed_byte_is_found_and_what_came_before_it_is_kept(shop: Shop, part: int) -> None:
    till = shop.till()
    journal = sales(till, 3)
    good = journal.entries[2]
    parts = [good.header, good.signature, good.body]
    parts[part] = parts[part][:-9] + bytes([parts[part][-9] ^ 1]) + parts[part][-8:]
    spoilt = [*journal.entries[:2], Entry(*parts), journal.entries[3]]
    answer = till.push(journal.jid, spoilt)
    assert (answer.status, answer.seq) == ("broken", 2)
    assert answer.why
    assert till.push(journal.jid, journal.entries).status == "ok"
    # A changed copy of what HQ has is no fork: the till never signed it.
    if part == 0:
        assert till.push(journal.jid, spoilt).status == "broken"


@on_sqlite
def test_headers_that_are_no_text_are_broken_not_an_error(shop: Shop) -> None:
    till = shop.till()
    journal = sales(till, 1)
    for header in (b"", b"\xff\xfe", b'{"v":"\xff"}', b"[]", b"{" * 5000):
        bad = Entry(header, journal.entries[1].signature, journal.entries[1].body)
        assert till.push(journal.jid, [bad]).status == "broken"
        assert till.push(journal.jid, [journal.entries[0], bad]).seq == 1


@on_sqlite
def test_a_journal_begins_with_journal_opened_and_its_genesis(shop: Shop) -> None:
    till = shop.till()
    no_opening = till.journal(opened=False)
    no_opening.sale(100)
    assert till.push(no_opening.jid, no_opening.entries).status == "broken"
    wrong_genesis = till.journal(opened=False)
    wrong_genesis.add(JournalOpened("enrol", 1, "A", "", "x"), ph=b64u(bytes(32)))
    assert till.push(wrong_genesis.jid, wrong_genesis.entries).status == "broken"
    child = till.journal(opened=False)
    parent = b64u(b"p" * 32)
    genesis = b64u(genesis_hash(child.store, child.till, child.jid, b"p" * 32))
    child.add(JournalOpened("restore", 2, "B", "", "x", "jid", 7, parent), ph=genesis)
    assert till.push(child.jid, child.entries).status == "ok"


def test_the_journal_of_another_till_can_be_neither_read_nor_written(shop: Shop) -> None:
    mine, other = shop.till(), shop.till()
    journal = sales(mine, 2)
    mine.push(journal.jid, journal.entries[:2])
    for ask in (
        lambda: other.push(journal.jid, journal.entries),
        lambda: other.head(journal.jid),
        lambda: other.call("GET", f"/v1/journals/{journal.jid}/hashes/1", HashAnswer),
        lambda: other.hello([Head(journal.jid, 1, "")]),
    ):
        with pytest.raises(Refused) as refused:
            ask()
        assert (refused.value.status, refused.value.code) == (403, "wrong_store")
    # Entries that name another till are broken even in a journal that nobody has.
    stolen = sales(mine, 1)
    assert other.push(stolen.jid, stolen.entries).status == "broken"
    # Signed by the right till's key, but claiming to be another till.
    posing = Journal(other.keys, 1, mine.certificate.till, 99)
    assert other.push(posing.jid, posing.entries).status == "broken"
    assert len(shop.rows(entry)) == 2


def test_heads_and_hashes_are_told_to_their_till(shop: Shop) -> None:
    till = shop.till()
    journal = sales(till, 2)
    till.push(journal.jid, journal.entries)
    unknown = b64u(bytes(16))
    assert till.head(unknown) == Head(unknown, 0, "")
    for seq, wanted in ((1, b64u(journal.entries[0].hash)), (3, b64u(journal.last_hash)), (4, ""), (0, "")):
        told = till.call("GET", f"/v1/journals/{journal.jid}/hashes/{seq}", HashAnswer)
        assert told.hash == wanted
    heads = [Head(unknown, 0, ""), Head(journal.jid, 3, "")]
    answer = till.hello(heads, unsent=5, oldest_unsent=7)
    assert [(head.jid, head.seq) for head in answer.heads] == [(unknown, 0), (journal.jid, 3)]
    for bad in ("x", "a" * 23, "%2e%2e"):
        with pytest.raises(Refused):
            till.head(bad)


def test_entries_signed_before_a_new_enrolment_still_verify(shop: Shop) -> None:
    old = shop.till(1)
    journal = sales(old, 2)
    new = shop.till(1)
    assert (old.certificate.serial, new.certificate.serial) == (1, 2)
    # The same folder, restored on the new computer: old entries, sent under the new certificate.
    assert new.push(journal.jid, journal.entries).status == "ok"
    stranger = Journal(shop.till(2).keys, 1, 1, 5)
    answer = new.push(stranger.jid, stranger.entries)
    assert answer.status == "broken"
    assert "unknown key" in answer.why


def test_an_event_written_again_into_a_new_journal_counts_once(shop: Shop) -> None:
    till = shop.till()
    first = sales(till, 2)
    till.push(first.jid, first.entries)
    second = till.journal()
    for at in (1, 2):
        second.add_raw("sale.completed", 1, first.entries[at].body, eid=first.headers[at].eid)
    second.sale(5000)
    # The same id with other content: both are kept, one is counted, and somebody is told.
    second.add_raw("sale.completed", 1, first.entries[2].body + b" ", eid=first.headers[1].eid)
    assert till.push(second.jid, second.entries).status == "ok"
    shop.settle()
    assert sorted(row["total"] for row in shop.rows(sale)) == [150, 151, 5000]
    assert [row["known"] for row in shop.rows(entry) if row["jid"] == second.jid] == [0, 1, 1, 0, 2]
    assert [row["seq"] for row in shop.rows(flag) if row["kind"] == "identity_conflict"] == [5]
    assert len(shop.rows(event_identity)) == 3 + 2


def test_an_event_that_repeats_within_one_push_counts_once(shop: Shop) -> None:
    till = shop.till()
    journal = sales(till, 1)
    journal.add_raw("sale.completed", 1, journal.entries[1].body, eid=journal.headers[1].eid)
    till.push(journal.jid, journal.entries)
    shop.settle()
    assert len(shop.rows(sale)) == 1
    # Another till may use the same id: ids belong to their till.
    other = shop.till()
    theirs = other.journal()
    theirs.add_raw("sale.completed", 1, journal.entries[1].body, eid=journal.headers[1].eid)
    other.push(theirs.jid, theirs.entries)
    shop.settle()
    assert len(shop.rows(sale)) == 2


def test_odd_event_ids_are_taken_too(shop: Shop) -> None:
    till = shop.till()
    journal = till.journal()
    for eid in ("", "a\0b", "名", "x" * 300):
        journal.add_raw("sale.completed", 1, canonical({}), eid=eid)
    assert till.push(journal.jid, journal.entries).status == "ok"
    shop.settle()
    assert len(shop.rows(event_identity)) == 5


def test_a_lost_reply_costs_nothing(shop: Shop) -> None:
    till = shop.till()
    journal = sales(till, 5)
    till.push(journal.jid, journal.entries[:3])  # the reply is lost here
    till.push(journal.jid, journal.entries[:3])
    answer = till.push(journal.jid, journal.entries)
    assert (answer.status, answer.seq) == ("ok", 6)
    assert [row["seq"] for row in shop.rows(journal_head)] == [6]


@on_sqlite
def test_many_pushes_at_once_leave_each_entry_once(shop: Shop) -> None:
    """A till that times out sends again while the first request is still at work, and so does its restored copy."""
    tills = [shop.till(), shop.till()]
    journals = [(till, sales(till, 30)) for till in tills for _ in range(2)]
    # The second journal of each till repeats the events of its first.
    for first, second in ((journals[0][1], journals[1][1]), (journals[2][1], journals[3][1])):
        for header, item in zip(first.headers[1:6], first.entries[1:6], strict=True):
            second.add_raw("sale.completed", 1, item.body, eid=header.eid)
    wrong: list[object] = []

    def work(till: Till, journal: Journal, step: int) -> None:
        at = 0
        while at < len(journal.entries):
            answer = till.push(journal.jid, journal.entries[max(0, at - 3) : at + step])
            if answer.status != "ok" or answer.hash != b64u(journal.entries[answer.seq - 1].hash):
                wrong.append(answer)
                return
            at = answer.seq

    threads = [
        threading.Thread(target=work, args=(till, journal, step)) for till, journal in journals for step in (2, 5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    shop.settle()
    assert len(shop.rows(entry)) == sum(len(journal.entries) for _, journal in journals)
    assert len(shop.rows(sale)) == 4 * 30
    assert verify(shop.database).error is None


def test_an_empty_push_asks_for_the_head(shop: Shop) -> None:
    till = shop.till()
    journal = sales(till, 1)
    assert till.push(journal.jid, []).seq == 0
    till.push(journal.jid, journal.entries)
    answer = till.push(journal.jid, [])
    assert (answer.status, answer.seq) == ("ok", 2)


@on_sqlite
def test_pushes_that_cannot_be_read_are_refused(shop: Shop) -> None:
    till = shop.till()
    journal = sales(till, 1)
    path = f"/v1/journals/{journal.jid}/entries"
    for body in (b"", b"rubbish", msgspec.msgpack.encode([[1, 2]])):
        with pytest.raises(Refused) as refused:
            till.send(till.signed("POST", path, body), Head)
        assert (refused.value.status, refused.value.code) == (400, "bad_request")
    assert shop.rows(entry) == []

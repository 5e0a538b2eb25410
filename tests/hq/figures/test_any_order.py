"""Whatever arrives in whatever order, figures kept up step by step are what a count from nothing says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Table, select, update

from posapp.chain import canonical
from posapp.clock import DAY, HOUR, MINUTE, SimulatedClock
from posapp.hq.database import FOLLOWED, Database, insert_many, insert_new
from posapp.hq.figures.counting import Counting
from posapp.hq.figures.recount import verify_figures
from posapp.hq.figures.tables import code_fact, counted, fact, join_fact, score, tally, tally_day
from posapp.hq.joining.tables import claim, joined, token_open
from posapp.hq.members.tables import merge, person, person_key, staff_phone
from posapp.hq.rewards.scores import scores_of
from posapp.hq.tables import batch, counter, event, feed, refund, sale, sale_line, store, till
from posapp.messages import JoinShown
from posapp.rules.join_token import Token, make
from tests.shop import START

OURS = (fact, join_fact, code_fact, tally)
ALL = (*OURS, tally_day, counted, score, claim, joined, token_open, merge, person, person_key, staff_phone)
RAW = (batch, event, refund, sale, sale_line, store, till, feed)
TICKETS, PEOPLE = 6, 4
KEY = b"k" * 32
DATES = ("2026-11-22", "2026-11-23")

Act = Callable[[Connection, int], None]


def blank(table: Table, **values: Any) -> dict[str, Any]:
    return {column.name: values.get(column.name, "" if str(column.type) == "TEXT" else 0) for column in table.columns}


def add(conn: Connection, table: Table, **values: Any) -> None:
    insert_many(conn, table, [tuple(blank(table, **values).values())])


def token(n: int, channel: str = "display") -> Token:
    return Token(1, 1, 11 + n % 2, channel, n + 1, START // DAY, 1)


def paid(n: int) -> int:
    return START + n * 9 * HOUR // 2


def place(n: int) -> dict[str, Any]:
    return {"store": 1, "till": 1, "date": DATES[paid(n) >= START + 20 * HOUR]}


class World:
    """What may happen, each once. Entries of a ticket come in a batch of their own."""

    def __init__(self, draw: st.DataObject) -> None:
        self.draw = draw
        self.acts: list[Act] = []
        for n in range(TICKETS):
            member = draw.draw(st.sampled_from(("", "", "p0", "p1", "p2")))
            self.acts.append(self.sells(n, member, draw.draw(st.sampled_from((0, 650, 1290)))))
            wanted = draw.draw(st.sets(st.sampled_from(("void", "shown", "opens", "authorises", "claims")), max_size=3))
            self.acts += [getattr(self, name)(n) for name in sorted(wanted)]
        for p in range(PEOPLE):
            at, by = draw.draw(st.integers(0, 40)), draw.draw(st.integers(-1, TICKETS - 1))
            self.acts.append(self.joins(p, START + at * HOUR, by))
        some = st.sets(st.sampled_from(("merges", "unmerges", "works", "befriends")), max_size=4)
        self.acts += [getattr(self, name)() for name in sorted(draw.draw(some))]

    def sells(self, n: int, member: str, amount: int) -> Act:
        def act(conn: Connection, now: int) -> None:
            here = {"jid": "j1", "seq": n * 10 + 1, **place(n)}
            row = {"event": f"e{n}", "receipt": f"r{n}", "ticket": f"t{n}", "clerk": 11, "opened": paid(n) - MINUTE}
            row |= {"paid": paid(n), "lines": 1, "total": amount, "member": member, "join": make(token(n), KEY)}
            add(conn, sale, **here, **row)
            add(conn, sale_line, **here, pos=1, qty=2000, unit="个", amount=amount)
            came(conn, n * 10 + 1, now)

        return act

    def void(self, n: int) -> Act:
        def act(conn: Connection, now: int) -> None:
            kind = "void" if n % 2 else "refund"
            row = {"jid": "j1", "seq": n * 10 + 2, **place(n), "kind": kind, "sale": f"e{n}", "total": 650}
            add(conn, refund, **row, done=paid(n) + 1, clerk=11)
            came(conn, n * 10 + 2, now)

        return act

    def shown(self, n: int) -> Act:
        def act(conn: Connection, now: int) -> None:
            body = canonical(JoinShown(make(token(n), KEY), "display", f"t{n}", "", 5)).decode()
            add(conn, event, jid="j1", seq=n * 10 + 3, **place(n), type="join.shown", body=body, event=f"s{n}")
            came(conn, n * 10 + 3, now)

        return act

    def opens(self, n: int) -> Act:
        def act(conn: Connection, now: int) -> None:
            one = token(n, "receipt" if n % 2 else "display")
            row = {"session": f"b{n}", "token": make(one, KEY), "stem": one.stem, "channel": one.channel, "store": 1}
            add(conn, token_open, **row, till=1, clerk=one.clerk, at=now, first=now, target="join")

        return act

    def authorises(self, n: int) -> Act:
        def act(conn: Connection, now: int) -> None:
            conn.execute(update(token_open).where(token_open.c.session == f"b{n}").values(authorised=now))

        return act

    def claims(self, n: int) -> Act:
        def act(conn: Connection, now: int) -> None:
            row = {"stem": token(n).stem, "token": make(token(n), KEY), "ref": f"p{n % PEOPLE}", "at": now}
            add(conn, claim, **row, state="done", sale=f"e{n}", settled=now)

        return act

    def joins(self, p: int, at: int, by: int) -> Act:
        def act(conn: Connection, now: int) -> None:
            insert_new(conn, person, blank(person, ref=f"p{p}", root=f"p{p}", status="active", created=now))
            conn.execute(update(person).where(person.c.ref == f"p{p}").values(joined=min(at, now), activated=now))
            code = token(by, "receipt") if by >= 0 else None
            said = {"token": make(code, KEY), "stem": code.stem, "channel": "receipt", "store": 1} if code else {}
            add(conn, joined, ref=f"p{p}", at=min(at, now), till=1, clerk=11, **said)

        return act

    def merges(self) -> Act:
        def act(conn: Connection, now: int) -> None:
            for ref in ("p0", "p1"):
                insert_new(conn, person, blank(person, ref=ref, root=ref, status="active", created=now))
            add(conn, merge, number=1, kept="p0", gone="p1", at=now)
            conn.execute(update(person).where(person.c.ref == "p1").values(root="p0"))

        return act

    def unmerges(self) -> Act:
        def act(conn: Connection, now: int) -> None:
            if conn.scalar(select(merge.c.number)):
                conn.execute(update(merge).values(undone=now))
                conn.execute(update(person).where(person.c.ref == "p1").values(root="p1"))

        return act

    def works(self) -> Act:
        def act(conn: Connection, now: int) -> None:
            add(conn, person_key, kind="phone", hash="h", ref="p2", strength="verified", added=now)
            add(conn, staff_phone, clerk=11, hash="h")

        return act

    def befriends(self) -> Act:
        def act(conn: Connection, now: int) -> None:
            add(conn, person_key, kind="external_userid", hash="x", ref="p1", strength="claimed", added=now)

        return act


def came(conn: Connection, seq: int, now: int) -> None:
    """The batch that brought an entry, followed already."""
    n = (conn.scalar(select(counter.c.n).where(counter.c.name == FOLLOWED)) or 0) + 1
    add(conn, batch, n=n, jid="j1", store=1, till=1, first_seq=seq, last_seq=seq, received=now)
    conn.execute(update(counter).where(counter.c.name == FOLLOWED).values(n=n))


def dump(database: Database) -> list[list[Any]]:
    with database.reading() as conn:
        return [sorted(map(tuple, conn.execute(select(table)))) for table in OURS]


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_kept_up_step_by_step_it_is_what_a_count_from_nothing_says(database: Database, data: st.DataObject) -> None:
    world = World(data)
    clock = SimulatedClock(START + HOUR)
    with database.transaction() as conn:
        for table in (*ALL, *RAW):
            conn.execute(table.delete())
        conn.execute(update(counter).where(counter.c.name == FOLLOWED).values(n=0))
        add(conn, store, number=1, name="店")
        add(conn, till, store=1, till=1, serial=1)
    counting = Counting(database, clock, scores_of)
    for act in data.draw(st.permutations(world.acts)):
        clock.set(clock.now_ms() + data.draw(st.sampled_from((1, MINUTE, HOUR))))
        with database.transaction() as conn:
            act(conn, clock.now_ms())
        if data.draw(st.booleans()):
            counting.step()
    counting.step()
    kept = dump(database)
    with database.reading() as conn:
        days = conn.execute(select(tally_day)).all()
        assert verify_figures(conn) == len(days)
    with database.transaction() as conn:
        for table in (*OURS, tally_day, counted):
            conn.execute(table.delete())
    Counting(database, clock, scores_of).step()
    assert dump(database) == kept

"""What happens in a shop that pays its clerks for joins, in short words, and the accounts that follow."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from posapp.hq.joining.codes import make_static
from posapp.hq.joining.join import Outcome
from posapp.hq.rewards.recount import recount
from posapp.hq.rewards.rewarding import promise
from posapp.hq.rewards.tables import reward_line
from posapp.hq.rewards.wanted import Rule
from posapp.till import Till
from tests.joining import follow, joins
from tests.shop import MANAGER, Chain, last, play
from tests.till.test_members import BUN, code_of

DAY = "2026-11-22"


class House:
    def __init__(self, chain: Chain, till: Till) -> None:
        self.chain = chain
        self.till = till
        self._guests = 0

    def promise(self, rule: Rule, starts: str = "2026-11-01", scope: str = "chain") -> None:
        with self.chain.database.transaction() as conn:
            promise(conn, scope, starts, rule, self.chain.clock.now_ms(), "test")

    def later(self, ms: int) -> None:
        self.chain.clock.set(self.chain.clock.now_ms() + ms)

    def join(self, code: str, phone: str = "", session: str = "") -> Outcome:
        """A guest with a phone and browser of their own joins, unless others are named."""
        self._guests += 1
        phone = phone or f"137{self._guests:08}"
        return joins(self.chain, phone, code, session=session or f"guest{self._guests:04}")

    def badge(self, clerk: tuple[str, str]) -> str:
        """The code on a clerk's badge."""
        with self.chain.database.transaction() as conn:
            return make_static(conn, self.chain.keys, "badge", self.chain.clock.now_ms(), store=1, clerk=int(clerk[0]))

    def at(self, clerk: tuple[str, str]) -> None:
        play(self.till, f"sign-in {' '.join(clerk)}")

    def sell_and_join(self, *lines: str, phone: str = "", session: str = "") -> tuple[Outcome, str]:
        """A guest joins at the open ticket and pays it: who, and the receipt."""
        code = code_of(last(self.till, f"scan {BUN}", *lines, "join"))
        done = self.join(code, phone, session)
        self.till.sync()
        receipt = str(last(self.till, "pay cash 500")["receipt"])
        self.follow()
        return done, receipt

    def void(self, receipt: str) -> None:
        """The whole sale goes back, a manager says so."""
        play(self.till, f"void-sale {receipt} 点错了")
        assert last(self.till, f"approve {' '.join(MANAGER)}")["ok"]

    def follow(self) -> None:
        self.till.sync()
        follow(self.chain)

    def lines(self, clerk: tuple[str, str]) -> list[Any]:
        with self.chain.database.reading() as conn:
            return list(
                conn.execute(
                    select(reward_line)
                    .where(reward_line.c.clerk == int(clerk[0]))
                    .order_by(reward_line.c.at, reward_line.c.made, reward_line.c.kind)
                )
            )

    def said(self, clerk: tuple[str, str]) -> list[tuple[str, int, str]]:
        """Kind, fen and reason of each line."""
        return [(line.kind, line.fen, line.why) for line in self.lines(clerk)]

    def fen(self, clerk: tuple[str, str]) -> int:
        return sum(line.fen for line in self.lines(clerk))

    def proven(self) -> int:
        """How many joins a recount finds in order."""
        with self.chain.database.reading() as conn:
            count = recount(conn)
        assert count is not None
        return count

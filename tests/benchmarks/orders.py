"""Tills that sell five lines a ticket: real journals, signed as a till signs them, made before anything is timed."""

from __future__ import annotations

from typing import Any

from posapp.chain import Entry, Header, canonical, genesis_hash, seal_entry
from posapp.clock import SystemClock
from posapp.ids import b64u, receipt_number, seeded_chance, uuid7
from posapp.keys import Certificate, HqKeys, TillKeys, public_text, short_id
from posapp.messages import JournalOpened, Message, SaleCompleted, SaleLine, TaxSum, Tender
from posapp.money import Money
from posapp.rules.tax import tax_in
from posapp.wire import Request, pack_entries, sign_request

LINES = 5
ARTICLES = 500
_SHIFT = "01890000-0000-7000-8000-000000000000"


def article_id(n: int) -> str:
    return f"69{n * 7_919 % 99_999_999_977:011}"


class OrderTill:
    """A till of store 1 with its journal; sell() makes entries, push() the request that carries some."""

    def __init__(self, number: int, hq: HqKeys) -> None:
        self.number = number
        self.chance = seeded_chance(number)
        self.keys = TillKeys.fresh(self.chance)
        self.clock = SystemClock()
        self.certificate = hq.issue(
            Certificate(
                v=1,
                chain=hq.chain,
                store=1,
                till=number,
                serial=1,
                journal_key=public_text(self.keys.journal_key),
                request_key=public_text(self.keys.request_key),
                box_key=public_text(self.keys.box_key),
                issued=self.clock.now_ms(),
                hq_key="",
            )
        )
        self.jid = b64u(self.chance(16))
        self._signing, self._request_key = self.keys.journal_key, self.keys.request_key
        self._key_id = short_id(self._signing)
        self._last = genesis_hash(1, number, self.jid, b"")
        self._seq = self._sold = 0
        self._ms = self.clock.now_ms()

    def opened(self) -> Entry:
        return self._entry("journal.opened", JournalOpened("enrol", 1, "A", public_text(self._signing), "bench"))

    def sell(self, count: int) -> list[Entry]:
        return [self._entry("sale.completed", self.sale()) for _ in range(count)]

    def sale(self) -> SaleCompleted:
        self._sold += 1
        lines = []
        for n in range(1, LINES + 1):
            kind = (self._sold * LINES + n) % ARTICLES
            amount = 100 + kind * 7
            code, tax = article_id(kind), tax_in(Money(amount), "0.13").fen
            lines.append(SaleLine(n, code, code, f"商品 名称 {kind:06}", "个", 1000, amount, amount, "0.13", tax, 1))
        total = sum(line.amount for line in lines)
        return SaleCompleted(
            ticket=uuid7(self._ms, self.chance),
            shift=_SHIFT,
            counter=self._sold,
            opened=self._ms,
            paid=self._ms,
            lines=lines,
            total=total,
            rounding=0,
            tenders=[Tender("cash", total, total + 500)],
            change=500,
            taxes=[TaxSum("0.13", total, sum(line.tax for line in lines))],
        )

    def _entry(self, kind: str, message: Message) -> Entry:
        self._seq += 1
        self._ms += 1
        body = canonical(message)
        header = Header(
            v=1,
            jid=self.jid,
            seq=self._seq,
            ph=b64u(self._last),
            t=kind,
            sv=1,
            eid=uuid7(self._ms, self.chance),
            store=1,
            till=self.number,
            bd="2026-11-22",
            bh="",
            boot="bench",
            key=self._key_id,
            w=self._ms,
            off=0,
            ef=self._ms,
            cq=0,
            clerk=1001,
            rn=receipt_number(1, self.number, "A", self._sold, body) if kind == "sale.completed" else "",
        )
        entry = seal_entry(header, body, self._signing)
        self._last = entry.hash
        return entry

    def push(self, url: str, entries: list[Entry]) -> Request:
        """Signed now, and good for five minutes."""
        headers: dict[str, Any] = {"Host": url.removeprefix("http://"), "Content-Type": "application/octet-stream"}
        request = Request("POST", f"{url}/v1/journals/{self.jid}/entries", headers, pack_entries(entries))
        sign_request(request, self.certificate, self._request_key, self.clock.now_ms(), self.chance(12))
        return request

"""What this till's own sales have used of a member's account, whatever HQ has said of it by now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import exists, select

from posapp import db
from posapp.tables import LINE_PLACES, refund, sale, used


@dataclass
class Used:
    """benefits: by id. packs: article to the instant of its sale. points: (instant, how many) of each spending."""

    benefits: set[str] = field(default_factory=set)
    packs: dict[str, int] = field(default_factory=dict)
    points: list[tuple[int, int]] = field(default_factory=list)

    def spent_since(self, instant: int) -> int:
        return sum(count for at, count in self.points if at >= instant)


def used_by(file: db.File, refs: Sequence[str]) -> Used:
    """Of a member, under all their ids; a sale that was voided has used nothing."""
    voided = exists().where(refund.c.sale_receipt == sale.c.receipt, refund.c.kind == "void")
    query = (
        select(used.c.kind, used.c.what, used.c.amount, sale.c.paid)
        .join(sale, sale.c.place == used.c.id.op("/")(LINE_PLACES))
        .where(used.c.member.in_(refs), ~voided)
    )
    found = Used()
    with file.reading() as conn:
        for row in conn.execute(query):
            if row.kind == "points":
                found.points.append((row.paid, row.amount))
            elif row.kind == "pack":
                found.packs[row.what] = row.paid
            else:
                found.benefits.add(row.what)
    return found

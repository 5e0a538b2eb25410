"""A sale that never was, for looking at a store's receipt: long names, weighed goods, a discount, two tenders."""

from __future__ import annotations

from posapp.messages import Reason, SaleCompleted, SaleLine, TaxSum, Tender
from posapp.rules.receipt import Recorded

_PAID = 1_795_312_245_000  # 2026-11-22 09:50:45 in Shanghai

_GOODS: list[tuple[str, str, str, int, int, int, int, list[Reason]]] = [
    ("6900000000011", "牛角包", "个", 2_000, 650, 1_300, 150, []),
    (
        "6900000000073",
        "北海道风味低温慢煮海盐芝士半熟蛋糕（六枚家庭分享装）",
        "盒",
        *(1_000, 8_900, 8_010, 922),
        [Reason("discount", -890)],
    ),
    ("00301", "散装曲奇", "kg", 536, 5_960, 3_195, 368, []),
    ("6900000000080", "Sunflower hand cream 75 ml, travel size", "支", 1_000, 2_590, 2_590, 298, []),
]


def sample() -> Recorded:
    """A made-up sale as the journal would hold it."""
    lines = [
        SaleLine(n, code, code, name, unit, qty, price, amount, "0.13", tax, 1, why)
        for n, (code, name, unit, qty, price, amount, tax, why) in enumerate(_GOODS, 1)
    ]
    total = sum(line.amount for line in lines)
    tenders = [Tender("card", 5_000, 5_000, "308417"), Tender("cash", total - 5_000 + 5, 20_000)]
    body = SaleCompleted(
        ticket="",
        shift="",
        counter=42,
        opened=_PAID - 90_000,
        paid=_PAID,
        lines=lines,
        total=total,
        rounding=5,
        tenders=tenders,
        change=20_000 - tenders[1].amount,
        taxes=[TaxSum("0.13", total, sum(line.tax for line in lines))],
    )
    return Recorded("S001T01-A-000042-7K", "", 1001, body)

"""A thousand tickets through the window leave nothing behind in memory."""

from __future__ import annotations

import gc

from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtWidgets import QApplication

from posapp.till import Till
from posapp.ui import theme
from tests.benchmarks.bench_sale import resident
from tests.ui.desk import Desk

FEW, MANY = 100, 1_000
MOST = 1.05
BUN, MILK = "6900000000011", "6900000000028"


def held(desk: Desk) -> dict[str, int]:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    return {
        "Qt objects": len(desk.app.window.findChildren(QObject)) + len(QApplication.topLevelWidgets()),
        "Python objects": len(gc.get_objects()),
        "megabytes": resident(),
    }


def test_a_thousand_tickets_need_no_more_memory_than_a_hundred(qapp: QApplication, till: Till) -> None:
    theme.dress(qapp, theme.LIGHT)
    desk = Desk(till)

    def sell(tickets: int) -> dict[str, int]:
        for _ in range(tickets):
            desk.scan(BUN)
            desk.scan(MILK)
            desk.pay()
        return held(desk)

    try:
        early = sell(FEW)
        late = sell(MANY - FEW)
    finally:
        desk.app.close()
    grown = {name: late[name] - early[name] for name in late}
    print(f"memory after {FEW} tickets {early}, after {MANY} {late}")  # noqa: T201  (shown with -s)
    assert grown["Qt objects"] <= 0
    assert grown["Python objects"] < (MANY - FEW) / 2
    assert late["megabytes"] <= early["megabytes"] * MOST

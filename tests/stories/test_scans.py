"""A scanner is heard on every screen: a thousand scans, five milliseconds from key to key, a thousand right codes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from posapp.till import Till
from posapp.ui.question import Step
from tests.stories.counter import Counter

EACH = 1_000
PAGES = ("sign_in", "locked", "open_shift", "close_shift", "slip")


def test_a_thousand_scans_on_every_screen_are_a_thousand_right_codes(counter: Counter) -> None:
    app = counter.app
    sale = app.sale
    counter.scan("6900000000011")
    screens: dict[str, Callable[[], object]] = {
        "sale": sale.to_selling,
        "letters": sale.selling.turn_letters,
        "pay": sale.to_paying,
        "question": lambda: sale.ask([Step("?")], lambda answers: None),
        "more": sale._to_more,
        "receipts": app.papers.receipts,
        **{name: partial(counter.window.show_page, name) for name in PAGES},
        **{name: partial(app.show_setup, name) for name in ("devices", "capabilities", "receipt")},
    }
    for name, show in screens.items():
        heard: list[str] = []
        counter.window.scanned = heard.append
        show()
        codes = [f"69{n:011d}" for n in range(EACH)]
        for code in codes:
            counter.keys.scan(code)
        assert heard == codes, name
        counter.window.scanned = app._scanned


def test_the_scanners_own_page_hears_every_code_too(till: Till, counter: Counter) -> None:
    counter.app.show_setup("scanner")
    before = till.ticket()
    assert counter.window.listener is not None
    heard: list[str] = []
    counter.window.listener = lambda scan: heard.append(scan.code)
    codes = [f"69{n:011d}" for n in range(EACH)]
    for code in codes:
        counter.keys.scan(code)
    assert heard == codes
    assert till.ticket() == before

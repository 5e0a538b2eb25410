"""How tills stand on the page of tills."""

from __future__ import annotations

from posapp.clock import HOUR
from posapp.hq import enrol
from posapp.hq.console.pages.tills_page import STATES
from posapp.hq.console.tills import tills
from tests.hq.shop import Shop, on_sqlite


@on_sqlite
def test_a_till_that_has_not_called_in_yet_is_told_from_one_that_is_silent(shop: Shop) -> None:
    enrol.add_till(shop.database, shop.keys, shop.clock, shop.chance, 1, 1)
    shop.till(2)
    shop.till(3).hello([], unsent=0)
    shop.till(4)
    enrol.revoke(shop.database, 1, 4)

    def states() -> list[str]:
        with shop.database.reading() as conn:
            return [row["state"] for row in tills(conn, None, shop.clock.now)]

    assert states() == ["new", "unheard", "fresh", "revoked"]
    shop.clock.now += 2 * HOUR
    assert states() == ["new", "unheard", "stale", "revoked"]
    assert set(states()) <= set(STATES)

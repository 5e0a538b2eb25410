"""Who may open which page and sees which stores, asked of a real HQ over HTTP for every role and every page."""

from __future__ import annotations

import pytest
import requests

from posapp.errors import SENTENCES
from posapp.hq.console import users
from posapp.hq.console.menu import PAGES
from tests.hq.console.house import PEOPLE, STORES, House

NO_RIGHT, NOT_FOUND = SENTENCES["no_right"][0], SENTENCES["not_found"][0].partition(" {")[0]
FAILED = SENTENCES["hq_failed"][0]


@pytest.fixture(scope="module")
def visitors(house: House) -> dict[str, requests.Session]:
    return {name: house.visitor(name) for name in PEOPLE}


def address(path: str, house: House, store: int = 1) -> str:
    """A page's address with everything filled in."""
    jid, seq = house.rows("SELECT jid, seq FROM sale WHERE store = ? ORDER BY seq LIMIT 1", store)[0]
    filled = {
        "store": store,
        "till": 1,
        "jid": jid,
        "seq": seq,
        "metric": "join_rate",
        "flow": "wake",
        "report": "served",
    }
    return path.format(**filled)


def test_every_page_opens_for_its_roles_alone(house: House, visitors: dict[str, requests.Session]) -> None:
    wrong = []
    for name, (role, _) in PEOPLE.items():
        for page in PAGES:
            text = house.page(visitors[name], address(page.path, house))
            assert FAILED not in text, page.path
            if (NO_RIGHT in text) == (role in page.roles):
                wrong.append((role, page.path))
    assert wrong == []


def test_the_menu_names_no_page_that_would_not_open(house: House, visitors: dict[str, requests.Session]) -> None:
    for name, (role, _) in PEOPLE.items():
        text = house.page(visitors[name], "/")
        for page in PAGES:
            if page.group:
                assert (f'"href":"{page.path}"' in text) == (role in page.roles), (role, page.path)


@pytest.mark.parametrize(
    "path", ["/stores/{store}", "/tills/{store}/{till}", "/entries/{jid}/{seq}", "/joins?store={store}"]
)
def test_another_stores_pages_are_not_found(house: House, visitors: dict[str, requests.Session], path: str) -> None:
    for name, (_, stores) in PEOPLE.items():
        for store in (1, 2, 3):
            text = house.page(visitors[name], address(path, house, store))
            is_hidden = bool(stores) and str(store) not in stores
            expected = NOT_FOUND if is_hidden else NO_RIGHT
            assert (expected in text) == (is_hidden or PEOPLE[name][0] == users.PRIVACY), (name, store)


def test_lists_hold_the_stores_that_a_user_looks_after(house: House, visitors: dict[str, requests.Session]) -> None:
    for name, (role, stores) in PEOPLE.items():
        text = house.page(visitors[name], "/")
        for number, title in STORES.items():
            assert (f"{number} {title}" in text) == (not stores or str(number) in stores), (role, number)
        if role == users.PRIVACY:
            continue
        for path in ("/transactions", "/tills", "/joins", "/figures/walk_ins"):
            text = house.page(visitors[name], path)
            seen = {number for number in (1, 2, 3) if f"S00{number}T01" in text or STORES[number] in text}
            assert seen <= ({int(store) for store in stores} or {1, 2, 3}), (role, path)


def test_tickets_are_looked_for_by_member_by_who_may_see_members(
    house: House, visitors: dict[str, requests.Session]
) -> None:
    for name in ("anna", "berta", "olga", "root"):
        assert ("按会员" in house.page(visitors[name], "/transactions")) == (name != "root"), name


@pytest.mark.parametrize(
    "path", ["/stores/x", "/stores/99999999999999999", "/entries/x/y", "/figures/none", "/joins?since=2026-13-01"]
)
def test_a_made_up_address_is_told_in_a_sentence(
    house: House, visitors: dict[str, requests.Session], path: str
) -> None:
    text = house.page(visitors["olga"], path)
    assert FAILED not in text
    assert "Traceback" not in text
    assert "role=alert" in text or '"role":"alert"' in text


def test_a_page_that_fails_shows_no_trace(house: House, visitors: dict[str, requests.Session]) -> None:
    answer = visitors["olga"].get(house.url + "/nowhere", timeout=60)
    assert answer.status_code == 404
    assert "Traceback" not in answer.text
    assert "Error" not in answer.text

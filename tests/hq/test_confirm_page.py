"""A phone that was typed at a counter is confirmed by a person who has it, not by whoever looks at the link."""

from __future__ import annotations

from posapp.clock import DAY
from posapp.hq.members.confirm import LIFE_MS, make_link
from posapp.hq.members.identity import CLAIMED, Means, new_person, set_phone
from posapp.hq.members.tables import person_key
from tests.hq.browsing import Site
from tests.hq.shop import TestClock

PHONE = "+8613812345678"


def link_for(site: Site, clock: TestClock) -> str:
    hq = site.shop.app.state.hq
    means = Means(hq.vault, hq.chance, clock.now_ms())
    with site.shop.database.transaction() as conn:
        ref = new_person(conn, means, source="till")
        set_phone(conn, means, ref, PHONE, CLAIMED, "till")
        return make_link(conn, means, ref)


def strengths(site: Site) -> list[str]:
    return [str(row["strength"]) for row in site.rows(person_key)]


def test_the_button_confirms_and_opening_does_not(site: Site, clock: TestClock) -> None:
    browser = site.browser()
    browser.open(link_for(site, clock))
    assert "138****5678" in browser.text
    assert "13812345678" not in browser.page
    assert strengths(site) == ["claimed"]
    browser.send("confirm")
    assert "手机号已确认" in browser.text
    assert strengths(site) == ["verified"]
    browser.send("confirm")
    assert strengths(site) == ["verified"]


def test_a_link_that_is_old_or_made_up_confirms_nothing(site: Site, clock: TestClock) -> None:
    link = link_for(site, clock)
    browser = site.browser()
    assert browser.open("/c/" + "0" * 26).status_code == 410
    clock.now += LIFE_MS
    assert LIFE_MS == 7 * DAY
    assert browser.open(link).status_code == 410
    assert strengths(site) == ["claimed"]


def test_another_browsers_form_confirms_nothing(site: Site, clock: TestClock) -> None:
    link = link_for(site, clock)
    browser = site.browser()
    browser.open(link)
    browser.send("confirm", key="forged")
    assert strengths(site) == ["claimed"]

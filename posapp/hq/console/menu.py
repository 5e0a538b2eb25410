"""Every page of the console, in the order of its menu."""

from __future__ import annotations

from posapp.hq.console.desk import Page
from posapp.hq.console.pages import (
    audit_page,
    conflicts_page,
    day_page,
    entry_page,
    flows_page,
    hooks_page,
    join_page,
    members_page,
    reports_page,
    rewards_page,
    scripts_page,
    segments_page,
    stores_page,
    tasks_page,
    tills_page,
    transactions_page,
    users_page,
)

PAGES: tuple[Page, ...] = (
    stores_page.PAGE,
    stores_page.WALL,
    day_page.PAGE,
    join_page.PAGE,
    join_page.FIGURE,
    rewards_page.PAGE,
    reports_page.PAGE,
    reports_page.ONE,
    transactions_page.PAGE,
    entry_page.PAGE,
    conflicts_page.PAGE,
    members_page.PAGE,
    segments_page.PAGE,
    hooks_page.PAGE,
    scripts_page.PAGE,
    flows_page.PAGE,
    flows_page.ONE,
    tasks_page.LEADS,
    tasks_page.FEEDBACK,
    tills_page.PAGE,
    tills_page.ONE,
    tills_page.STUCK,
    audit_page.PAGE,
    users_page.PAGE,
)

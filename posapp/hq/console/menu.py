"""Every page of the console, in the order of its menu."""

from __future__ import annotations

from posapp.hq.console.desk import Page
from posapp.hq.console.pages import day_page, stores_page

PAGES: tuple[Page, ...] = (stores_page.PAGE, stores_page.WALL, day_page.PAGE)

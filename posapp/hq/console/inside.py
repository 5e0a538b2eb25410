"""What is behind the console's door: every page in the order of the menu, each built for whoever may open it."""

from __future__ import annotations

import os
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any

from fastapi import FastAPI, Request
from sqlalchemy.exc import InterfaceError, OperationalError
from starlette.types import ASGIApp

from posapp import log
from posapp.errors import PosError
from posapp.hq.console.desk import Desk, Page, chain_settings
from posapp.hq.running import Hq

_SLOWEST_S = 30.0
_KEPT_S = 60.0
"""A page whose connection is lost waits so long for it to come back as it was."""

_log = log.named("hq.console")


def inside(hq: Hq) -> tuple[ASGIApp, AbstractAsyncContextManager[object]]:
    """The application with its pages, and its life."""
    if hq.folder is not None:
        os.environ.setdefault("NICEGUI_STORAGE_PATH", str(hq.folder / "console"))  # nothing is kept there
    from nicegui import app as pages_app
    from nicegui import ui

    from posapp.hq.console.menu import PAGES

    for page in PAGES:
        ui.page(page.path, response_timeout=_SLOWEST_S)(_built(hq, page, PAGES))
    pages_app.on_exception(lambda error: _log.error("a page failed", exc_info=error))
    outer = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    ui.run_with(
        outer,
        title="posapp",
        mount_path="/",
        reconnect_timeout=_KEPT_S,
        show_welcome_message=False,
        gzip_middleware_factory=None,  # the server around it has one
    )
    return outer, outer.router.lifespan_context(outer)


def _built(hq: Hq, page: Page, pages: tuple[Page, ...]) -> Any:
    from nicegui import ui

    from posapp.hq.console.frame import framed

    async def build(request: Request) -> None:
        asked = {**request.query_params, **{name: str(value) for name, value in request.path_params.items()}}
        desk = Desk(hq, request.state.console_user, request.state.console_session, page, pages, asked)
        with suppress(PosError):  # signed out in this moment: the page says so
            desk.settings = await desk.read(chain_settings)
        with framed(desk) as sheet:
            problem = await _problem(desk)
            if problem:
                sheet.clear()
                with sheet:
                    ui.label(desk.told(problem)).classes("none").props("role=alert")

    return build


async def _problem(desk: Desk) -> PosError | None:
    """Build the page; what is to be told if it could not be."""
    try:
        if desk.user.role not in desk.page.roles:
            raise PosError("no_right")
        await desk.page.build(desk)
    except PosError as error:
        return error
    except (OperationalError, InterfaceError) as error:
        _log.error("database: %s", type(error).__name__)
        return PosError("hq_failed")
    except Exception:  # noqa: BLE001  (logged whole; the person gets a sentence and no trace)
        _log.exception("a page could not be built")
        return PosError("hq_failed")
    return None

"""What was done at the console and whose data was looked at, newest first."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from posapp.hq.console.tables import console_audit
from posapp.hq.members.tables import looked

MOST = 1_000


def done(conn: Connection) -> list[dict[str, Any]]:
    """Sign-ins, refusals, changes and exports."""
    rows = conn.execute(select(console_audit).order_by(console_audit.c.id.desc()).limit(MOST))
    return [dict(row._mapping) for row in rows]


def looks(conn: Connection) -> list[dict[str, Any]]:
    """Who looked at what of which person, and why; the person by id."""
    rows = conn.execute(select(looked).order_by(looked.c.at.desc()).limit(MOST))
    return [dict(row._mapping) for row in rows]

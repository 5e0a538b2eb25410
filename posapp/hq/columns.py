"""What HQ's tables are made of, on SQLite and PostgreSQL alike: strict tables, columns that are never empty."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, Table, Text, event

Whole = BigInteger().with_variant(Integer(), "sqlite")
# PostgreSQL sorts by the database's language unless told; a cursor wants plain code points.
Word = Text().with_variant(Text(collation="C"), "postgresql")

metadata = MetaData()


def table(name: str, *columns: Any) -> Table:
    return Table(name, metadata, *columns, sqlite_strict=True)


def key(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, primary_key=True, nullable=False, autoincrement=False)


def whole(name: str, default: int | None = None) -> Column[Any]:
    return Column(name, Whole, nullable=False, default=default)


def word(name: str, default: str | None = None) -> Column[Any]:
    return Column(name, Word, nullable=False, default=default)


def adds_only(table_: Table, change: str = "1=0") -> None:
    """Rows of a history stay as they are; `change` says in SQL which update is allowed."""
    name = table_.name
    said = f"{name} is added to and never changed"

    def protect(_table: Table, conn: Connection, **_: object) -> None:
        is_lite = conn.dialect.name == "sqlite"
        for what, unless in (("DELETE", "1=0"), ("UPDATE", change)):
            trigger = f"{name}_no_{what.lower()}"
            if is_lite:
                does = f"BEGIN SELECT RAISE(ABORT, '{said}'); END"
            else:
                body = f"BEGIN RAISE EXCEPTION '{said}'; END"
                conn.exec_driver_sql(f"CREATE FUNCTION {trigger}() RETURNS trigger AS $$ {body} $$ LANGUAGE plpgsql")
                does = f"EXECUTE FUNCTION {trigger}()"
            conn.exec_driver_sql(
                f"CREATE TRIGGER {trigger} BEFORE {what} ON {name} FOR EACH ROW WHEN (NOT ({unless})) {does}"
            )

    event.listen(table_, "after_create", protect)

"""What HQ's tables are made of, on SQLite and PostgreSQL alike: strict tables, columns that are never empty."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text

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

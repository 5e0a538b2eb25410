"""The reference for HQ's ingest: unpack, parse, insert every order's rows in one statement a table, commit. No more.

Written as FastAPI's users write it: orders are pydantic models.

Seven rows an order of five lines in three tables with keys, an index and a foreign key, once only by order id.
"""

from __future__ import annotations

import argparse
import socket
import sqlite3
import threading
from typing import Any

import psycopg
import pydantic
import uvicorn
import zstandard
from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

TABLES = {
    "sale": "id text PRIMARY KEY, shift text NOT NULL, counter bigint NOT NULL, paid bigint NOT NULL,"
    " total bigint NOT NULL, change bigint NOT NULL",
    "line": "sale text NOT NULL REFERENCES sale, n bigint NOT NULL, article text NOT NULL, code text NOT NULL,"
    " name text NOT NULL, qty bigint NOT NULL, price bigint NOT NULL, amount bigint NOT NULL, rate text NOT NULL,"
    " tax bigint NOT NULL, PRIMARY KEY (sale, n)",
    "payment": "sale text NOT NULL REFERENCES sale, n bigint NOT NULL, kind text NOT NULL, amount bigint NOT NULL,"
    " PRIMARY KEY (sale, n)",
}


class Line(pydantic.BaseModel):
    n: int
    article: str
    code: str
    name: str
    unit: str
    qty: int
    price: int
    amount: int
    rate: str
    tax: int
    book: int


class Payment(pydantic.BaseModel):
    kind: str
    amount: int
    given: int = 0
    ref: str = ""


class Tax(pydantic.BaseModel):
    rate: str
    amount: int
    tax: int


class Order(pydantic.BaseModel):
    ticket: str
    shift: str
    counter: int
    opened: int
    paid: int
    lines: list[Line]
    total: int
    rounding: int
    tenders: list[Payment]
    change: int
    taxes: list[Tax]


_ORDERS = pydantic.TypeAdapter(list[Order])

Rows = dict[str, list[tuple[Any, ...]]]


def rows_of(body: bytes) -> Rows:
    orders = _ORDERS.validate_json(zstandard.ZstdDecompressor().decompress(body))
    return {
        "sale": [(sale.ticket, sale.shift, sale.counter, sale.paid, sale.total, sale.change) for sale in orders],
        "line": [
            (sale.ticket, *(line.n, line.article, line.code, line.name, line.qty), *_figures(line))
            for sale in orders
            for line in sale.lines
        ],
        "payment": [(sale.ticket, n, paid.kind, paid.amount) for sale in orders for n, paid in enumerate(sale.tenders)],
    }


def _figures(line: Line) -> tuple[Any, ...]:
    return line.price, line.amount, line.rate, line.tax


class Sqlite:
    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._lock = threading.Lock()
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "cache_size = -65536"):
            self._connection.execute(f"PRAGMA {pragma}")
        for name, columns in TABLES.items():
            self._connection.execute(f"CREATE TABLE {name} ({columns})")
        self._connection.execute("CREATE INDEX sale_paid ON sale (paid)")

    def keep(self, rows: Rows) -> None:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            for name, values in rows.items():
                marks = ",".join("?" * len(values[0]))
                self._connection.executemany(f"INSERT OR IGNORE INTO {name} VALUES ({marks})", values)
            self._connection.execute("COMMIT")


class Postgres:
    """COPY into a staging table, from there what is new into the table: the fastest safe way that was measured."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._own = threading.local()
        with psycopg.connect(url) as connection:
            for name, columns in TABLES.items():
                connection.execute(f"CREATE TABLE {name} ({columns})")
            connection.execute("CREATE INDEX sale_paid ON sale (paid)")

    def _connection(self) -> Any:
        if not hasattr(self._own, "connection"):
            self._own.connection = psycopg.connect(self._url)
            for name in TABLES:
                self._own.connection.execute(f"CREATE TEMP TABLE new_{name} (LIKE {name}) ON COMMIT DELETE ROWS")
            self._own.connection.commit()
        return self._own.connection

    def keep(self, rows: Rows) -> None:
        connection = self._connection()
        cursor = connection.cursor()
        for name, values in rows.items():
            with cursor.copy(f"COPY new_{name} FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(["text" if type(value) is str else "int8" for value in values[0]])
                for row in values:
                    copy.write_row(row)
            cursor.execute(f"INSERT INTO {name} SELECT * FROM new_{name} ON CONFLICT DO NOTHING")
        connection.commit()


def create_app(database: Sqlite | Postgres) -> FastAPI:
    app = FastAPI()

    @app.post("/orders")
    async def orders(request: Request) -> Response:
        body = await request.body()
        await run_in_threadpool(lambda: database.keep(rows_of(body)))
        return Response(b'{"status":"ok"}', media_type="application/json")

    return app


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("database", help="a file, or a URL of PostgreSQL")
    where = parser.parse_args().database
    # asyncio leaves Nagle's algorithm on (40 ms an answer) for a listener that does not name its protocol.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    app = create_app(Postgres(where) if "://" in where else Sqlite(where))
    config = uvicorn.Config(app, access_log=False, log_level="warning", timeout_keep_alive=75)
    print(f"bare ingest listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()

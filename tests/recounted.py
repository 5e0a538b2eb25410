"""The dictionary's figures once more, by SQL over HQ's raw tables alone: nothing of posapp/hq/figures has a part in it.

For chains in China's time zone with the usual cut-over, whose persons were merged once at most (tests/generated.py).
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from posapp.hq.database import Database
from posapp.rules.metrics import Figures

_DATE = {
    "sqlite": "date(({at} + 14400000) / 1000, 'unixepoch')",
    "postgresql": "to_char(to_timestamp(({at} + 14400000) / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
}
_START = {
    "sqlite": "CAST(strftime('%s', {date}) AS INTEGER) * 1000 - 14400000",
    "postgresql": "CAST(extract(epoch FROM CAST({date} AS date)) * 1000 AS bigint) - 14400000",
}
_APART = {
    "sqlite": "julianday({other}) - julianday({one})",
    "postgresql": "CAST({other} AS date) - CAST({one} AS date)",
}

_STEPS = (
    # what came when, and when its day was final
    """CREATE TEMP TABLE came AS
    SELECT s.jid, s.seq, s.event, b.received, {freeze} AS freeze FROM sale AS s
    JOIN batch AS b ON b.jid = s.jid AND s.seq BETWEEN b.first_seq AND b.last_seq""",
    """CREATE TEMP TABLE back AS
    SELECT s.*, CASE WHEN b.received >= {freeze} THEN 1 ELSE 0 END AS late FROM refund AS s
    JOIN batch AS b ON b.jid = s.jid AND s.seq BETWEEN b.first_seq AND b.last_seq""",
    # the other id of who was merged, and when
    """CREATE TEMP TABLE pal AS
    SELECT g.kept AS ref, g.gone AS other, p.joined, g.at FROM merge AS g JOIN person AS p ON p.ref = g.gone
    UNION ALL
    SELECT g.gone, g.kept, p.joined, g.at FROM merge AS g JOIN person AS p ON p.ref = g.kept""",
    """CREATE TEMP TABLE works AS
    SELECT k.ref FROM person_key AS k JOIN staff_phone AS f ON f.hash = k.hash WHERE k.kind = 'phone'""",
    """CREATE TEMP TABLE made AS
    SELECT jid, seq, sum(CASE WHEN unit = 'kg' OR qty % 1000 <> 0 THEN 1000 ELSE qty END) AS pieces
    FROM sale_line GROUP BY jid, seq""",
    "CREATE TEMP TABLE claimed AS SELECT sale, stem FROM claim WHERE sale <> ''",
    """CREATE TEMP TABLE stood AS
    SELECT {ticket} AS ticket, sum({seconds}) AS seconds FROM event WHERE type = 'join.shown' GROUP BY 1""",
    "CREATE INDEX claimed_sale ON claimed (sale)",
    "CREATE INDEX came_event ON came (event)",
    "CREATE INDEX back_sale ON back (sale)",
    "CREATE INDEX pal_ref ON pal (ref)",
    "CREATE INDEX stood_ticket ON stood (ticket)",
    "CREATE INDEX made_place ON made (jid, seq)",
    # each ticket with all that decides on it
    """CREATE TEMP TABLE ticket AS
    SELECT s.event, s.store, s.date, s.clerk, s.till, (s.paid + 28800000) / 3600000 % 24 AS hour, s.opened, s.paid,
        s.total + s.rounding AS net, m.pieces, s.member, c.ref AS taker,
        CASE WHEN w.received >= w.freeze THEN 1 ELSE 0 END AS late,
        CASE WHEN EXISTS (SELECT 1 FROM back AS r WHERE r.sale = s.event AND r.kind = 'void' AND r.date = s.date
            AND (r.late = 0 OR w.received >= w.freeze)) THEN 1 ELSE 0 END AS voided,
        CASE WHEN s.member <> '' AND (p.joined < s.opened OR EXISTS (
            SELECT 1 FROM pal WHERE pal.ref = s.member AND pal.at < w.freeze AND pal.joined < s.opened))
            THEN 1 ELSE 0 END AS was_member,
        CASE WHEN s.member = '' AND c.settled < w.freeze AND (q.joined < s.opened OR EXISTS (
            SELECT 1 FROM pal WHERE pal.ref = c.ref AND pal.at < w.freeze AND pal.joined < s.opened))
            THEN 1 ELSE 0 END AS taken,
        CASE WHEN EXISTS (SELECT 1 FROM works AS k WHERE k.ref = s.member
            OR (s.member = '' AND k.ref = c.ref AND c.settled < w.freeze)
            OR k.ref IN (SELECT pal.other FROM pal WHERE pal.at < w.freeze AND pal.ref =
                CASE WHEN s.member <> '' THEN s.member WHEN c.settled < w.freeze THEN c.ref END))
            THEN 1 ELSE 0 END AS staff,
        CASE WHEN EXISTS (SELECT 1 FROM claimed AS d JOIN joined AS j ON j.stem = d.stem
            WHERE d.sale = s.event AND j.at BETWEEN s.opened AND s.paid + 86400000) THEN 1 ELSE 0 END AS led,
        COALESCE(h.seconds, 0) AS seconds
    FROM sale AS s
    JOIN came AS w ON w.event = s.event
    LEFT JOIN made AS m ON m.jid = s.jid AND m.seq = s.seq
    LEFT JOIN person AS p ON p.ref = s.member
    LEFT JOIN claim_of AS c ON c.sale = s.event
    LEFT JOIN person AS q ON q.ref = c.ref
    LEFT JOIN stood AS h ON h.ticket = s.ticket""",
    """CREATE TEMP TABLE told AS
    SELECT ticket.*, CASE WHEN voided = 0 AND net > 0 AND was_member = 0 AND taken = 0 AND staff = 0 THEN 1 ELSE 0 END
        AS walk_in FROM ticket WHERE voided = 0""",
    # who joined, and what they bought from then on
    """CREATE TEMP TABLE bought AS
    SELECT p.root, t.event, t.date, t.paid FROM told AS t
    JOIN person AS p ON p.ref = CASE WHEN t.member <> '' THEN t.member ELSE t.taker END WHERE t.net > 0""",
    "CREATE INDEX bought_root ON bought (root)",
    """CREATE TEMP TABLE mine AS
    SELECT j.ref, j.at, b.date, b.paid FROM joined AS j JOIN person AS p ON p.ref = j.ref
    JOIN bought AS b ON b.root = p.root
    WHERE b.paid BETWEEN j.at AND j.at + 3456000000 OR b.event IN (SELECT c.sale FROM claim AS c
        WHERE c.stem = j.stem AND j.stem <> '')""",
    "CREATE INDEX mine_ref ON mine (ref)",
    """CREATE TEMP TABLE days AS
    SELECT ref, min(date) AS one, max(CASE WHEN paid <= at + 7 * 86400000 THEN 1 ELSE 0 END) AS first
    FROM mine GROUP BY ref""",
    """CREATE TEMP TABLE joins AS
    SELECT j.ref, j.store, {date} AS date, j.clerk, j.till, (j.at + 28800000) / 3600000 % 24 AS hour, j.channel,
        COALESCE(d.first, 0) AS first,
        CASE WHEN (SELECT min({apart}) FROM mine AS m WHERE m.ref = j.ref AND m.date > d.one) <= 30
            THEN 1 ELSE 0 END AS again,
        CASE WHEN EXISTS (SELECT 1 FROM person AS p JOIN person AS s ON s.root = p.root
            JOIN person_key AS k ON k.ref = s.ref WHERE p.ref = j.ref AND k.kind = 'external_userid'
            AND k.added <= j.at + 86400000) THEN 1 ELSE 0 END AS wecom
    FROM joined AS j LEFT JOIN days AS d ON d.ref = j.ref WHERE j.store > 0 AND j.channel <> 'referral'
        AND NOT EXISTS (SELECT 1 FROM pal WHERE pal.ref = j.ref AND pal.joined > 0 AND pal.at < {final}
            AND (pal.joined < j.at OR (pal.joined = j.at AND pal.other < j.ref)))""",
    """CREATE TEMP TABLE opens AS
    SELECT o.token, o.store, {opened} AS date, min(o.clerk) AS clerk, min(o.till) AS till,
        min((o.first + 28800000) / 3600000 % 24) AS hour, min(o.channel) AS channel,
        max(CASE WHEN o.authorised > 0 THEN 1 ELSE 0 END) AS authorised,
        max(CASE WHEN EXISTS (SELECT 1 FROM joined AS j WHERE j.token = o.token) THEN 1 ELSE 0 END) AS enrolled
    FROM token_open AS o GROUP BY o.token, o.store, {opened}""",
)

_SALES = """SELECT {by}, count(*), sum(net), sum(pieces), sum(walk_in), sum(walk_in * led),
    sum(CASE WHEN member <> '' THEN 1 ELSE 0 END), sum(CASE WHEN member <> '' THEN net ELSE 0 END),
    sum(CASE WHEN seconds >= 3 THEN walk_in ELSE 0 END) FROM told WHERE late = 0 GROUP BY {by}"""
_BACK = """SELECT {by}, count(*), sum(total + rounding) FROM (
    SELECT r.*, (r.done + 28800000) / 3600000 % 24 AS hour FROM back AS r WHERE r.late = 0 AND NOT (
        r.kind = 'void' AND EXISTS (SELECT 1 FROM sale AS s WHERE s.event = r.sale AND s.date = r.date))
    ) AS gone GROUP BY {by}"""
_JOINS = "SELECT {by}, count(*), sum(wecom), sum(first), sum(again) FROM joins GROUP BY {by}"
_OPENS = "SELECT {by}, count(*), sum(authorised), sum(enrolled) FROM opens GROUP BY {by}"

_FIELDS = (
    (_SALES, "tickets net pieces walk_ins converted recognised member_net shown".split()),
    (_BACK, "refunds refunded".split()),
    (_JOINS, "joins wecom first again".split()),
    (_OPENS, "opened authorised enrolled".split()),
)


class Recount:
    """The tables of one recount, on a connection of its own; by() reads figures from them."""

    def __init__(self, database: Database, conn: Connection) -> None:
        kind = "sqlite" if database.is_sqlite else "postgresql"
        self._conn = conn
        names = {
            "freeze": f"{_START[kind].format(date='s.date')} + 8 * 86400000",
            "date": _DATE[kind].format(at="j.at"),
            "final": f"{_START[kind].format(date=_DATE[kind].format(at='j.at'))} + 8 * 86400000",
            "opened": _DATE[kind].format(at="o.first"),
            "apart": _APART[kind].format(one="d.one", other="m.date"),
            "ticket": "json_extract(body, '$.ticket')" if database.is_sqlite else "CAST(body AS json) ->> 'ticket'",
            "seconds": "json_extract(body, '$.seconds')"
            if database.is_sqlite
            else "CAST(CAST(body AS json) ->> 'seconds' AS bigint)",
        }
        conn.execute(text("CREATE TEMP TABLE claim_of AS SELECT * FROM claim WHERE state = 'done' AND sale <> ''"))
        conn.execute(text("CREATE INDEX claim_of_sale ON claim_of (sale)"))
        for step in _STEPS:
            conn.exec_driver_sql(
                step.format(**names).replace("%", "%%") if kind == "postgresql" else step.format(**names)
            )
            if kind == "postgresql" and step.startswith("CREATE INDEX"):
                conn.exec_driver_sql(f"ANALYZE {step.split()[4]}")  # nobody else looks at a temporary table

    def by(self, *columns: str) -> dict[tuple[str, ...], Figures]:
        """Figures by some columns of tickets, joins and codes; sales and refunds have no channel."""
        found: dict[tuple[str, ...], Figures] = {}
        for query, names in _FIELDS:
            if "channel" in columns and query in (_SALES, _BACK):
                continue
            for row in self._conn.execute(text(query.format(by=", ".join(columns)))):
                key = tuple(map(str, row[: len(columns)]))
                figures = found.setdefault(key, Figures())
                for name, value in zip(names, row[len(columns) :], strict=True):
                    setattr(figures, name, int(value))
        return {key: figures for key, figures in found.items() if figures != Figures()}

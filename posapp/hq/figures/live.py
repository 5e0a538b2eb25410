"""A till asks what a figure of its store was made of."""

from __future__ import annotations

from posapp.calls import OpenFigureAnswer, OpenFigureRequest
from posapp.hq.database import Database
from posapp.hq.figures.boards import check_span, open_figure
from posapp.keys import Certificate
from posapp.messages import Message


def open_for_till(database: Database, certificate: Certificate, asked: OpenFigureRequest) -> Message:
    """The newest tickets or joins, and how many there are beyond. Raises PosError bad_date, bad_request."""
    check_span(asked.date, asked.date)
    with database.reading() as conn:
        opening = open_figure(
            conn, asked.metric, asked.date, asked.date, store=certificate.store, axis=asked.axis, key=asked.key
        )
    return OpenFigureAnswer(opening.items, opening.total - len(opening.items))

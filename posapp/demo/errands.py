"""What clerks of the demo's past do besides selling: they receive who comes, see to what is to be done about members,
note what became of today's likely visitors, and write down what customers say."""

from __future__ import annotations

import random  # noqa: TID251  (an invented past)
from collections.abc import Callable

import msgspec

from posapp.clock import DAY
from posapp.till import Till

Waits = Callable[[int, int], None]
"""Lets time pass: so many ms at least, and at most."""


class Errands(msgspec.Struct):
    """Of resources/demo/history.json. arrivals: percent of the customers who are received. visits: percent of the
    likely visitors who came and of whom something is noted.

    remarks: permille of the customers who say something; said: category and words. leads: what becomes of something
    to do, with a note; of the first of a day always the first.
    """

    arrivals: int = 0
    visits: int = 0
    remarks: int = 0
    said: list[tuple[str, str]] = []
    leads: list[tuple[str, str]] = []


def receive(till: Till, errands: Errands, chance: random.Random, waits: Waits) -> None:
    """Somebody comes, waits and is served, most within three minutes."""
    if chance.randrange(100) < errands.arrivals:
        till.arrive("reception")
        waits(15_000, 210_000)
        till.serve()


def listen(till: Till, errands: Errands, chance: random.Random) -> None:
    """Write down what a customer says, if one says something."""
    if errands.said and chance.randrange(1_000) < errands.remarks:
        till.post_feedback(*chance.choice(errands.said))


def see_to(till: Till, errands: Errands, chance: random.Random) -> None:
    """At the end of a day: what is due is done, and of who came is noted what became of it."""
    due = [lead for lead in till.leads() if lead.due < till.journal.now_ms() + DAY // 2]
    for n, lead in enumerate(due if errands.leads else ()):
        till.lead_done(lead.id, *(chance.choice(errands.leads) if n else errands.leads[0]))
    for guest in till.visitors().visitors:
        if guest.arrived and not guest.outcome and chance.randrange(100) < errands.visits:
            till.visit(guest.member, "bought" if guest.bought else "looked")

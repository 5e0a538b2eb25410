"""A carrier between till and HQ that loses, doubles, delays and reorders, from one seed."""

from __future__ import annotations

from collections.abc import Callable

from posapp.ids import Chance
from posapp.sync.client import Answer, Carrier
from posapp.wire import Request


class FaultyNetwork:
    """share: how many of 256 requests meet a fault. Late requests reach HQ behind later ones. heal() ends it."""

    def __init__(self, carrier: Carrier, chance: Chance, share: int = 120) -> None:
        self._carrier = carrier
        self._chance = chance
        self._share = share
        self._late: list[Request] = []
        self.met: dict[str, int] = {}

    def __call__(self, request: Request) -> Answer:
        roll = self._chance(2)
        if roll[0] >= self._share:
            answer = self._carrier(request)
            self._deliver_late()
            return answer
        fault = _FAULTS[roll[1] % len(_FAULTS)]
        self.met[fault.__name__] = self.met.get(fault.__name__, 0) + 1
        return fault(self, request)

    def heal(self) -> None:
        self._share = 0
        self._deliver_late()

    def _deliver_late(self) -> None:
        late, self._late = self._late, []
        for request in reversed(late):
            self._carrier(request)

    def request_lost(self, request: Request) -> Answer:
        raise ConnectionError("request lost")

    def reply_lost(self, request: Request) -> Answer:
        self._carrier(request)
        raise ConnectionError("reply lost")

    def doubled(self, request: Request) -> Answer:
        answer = self._carrier(request)
        self._carrier(request)
        return answer

    def late(self, request: Request) -> Answer:
        """The till gives up on it; HQ gets it after what the till sent next."""
        self._late.append(request)
        raise ConnectionError("timed out")

    def refused(self, request: Request) -> Answer:
        return Answer(503, b"<html>bad gateway</html>")

    def torn(self, request: Request) -> Answer:
        answer = self._carrier(request)
        return Answer(answer.status, answer.body[: len(answer.body) // 2])


_FAULTS: tuple[Callable[[FaultyNetwork, Request], Answer], ...] = (
    FaultyNetwork.request_lost,
    FaultyNetwork.reply_lost,
    FaultyNetwork.doubled,
    FaultyNetwork.late,
    FaultyNetwork.refused,
    FaultyNetwork.torn,
)

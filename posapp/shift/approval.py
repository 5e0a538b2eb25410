"""Lending a right: a verb is refused for want of one, a colleague who has it lends it, the verb is carried out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from posapp.errors import PosError
from posapp.journal import Journal
from posapp.messages import ApprovalGiven
from posapp.shift.people import Clerk
from posapp.shift.rights import ACTIONS, may


@dataclass(frozen=True, slots=True)
class Standing:
    """A right lent for as long as an outage lasts: by whom, when, in which shift."""

    by: int
    at: int
    shift: str


class Approvals:
    """What was refused last, and the colleague who lends the right to it: to this action, once, or for an outage."""

    def __init__(self) -> None:
        self._standing: dict[str, Standing] = {}
        self._again: Callable[[], object] | None = None
        self._action = ""
        self._detail: tuple[int, str] = (0, "")
        self._lent = 0

    def right(self, clerk: Clerk, action: str, detail: str, line: int = 0) -> int:
        """0 if the clerk has the right, the colleague's number if it was lent. Raises PosError needs_approval."""
        if may(clerk.role, action):
            return 0
        if self._lent:
            return self._lent
        self._action, self._detail = action, (line, detail)
        raise PosError("needs_approval", action=ACTIONS[action])

    def right_for_outage(self, clerk: Clerk, action: str, detail: str, *, now: int, contact: int, shift: str) -> int:
        """As right(), but what was lent holds until HQ was spoken to after it (contact: when it was last), or the
        shift is another. Raises PosError needs_approval."""
        held = self._standing.get(action)
        if held and held.shift == shift and contact <= held.at:
            return held.by
        by = self.right(clerk, action, detail)
        if by:
            self._standing[action] = Standing(by, now, shift)
        return by

    def settle(self, again: Callable[[], object] | None) -> None:
        """A verb has ended: `again` carries it out once more if it was refused for want of a right."""
        self._again = again

    @property
    def is_asking(self) -> bool:
        return self._again is not None

    def lend(self, journal: Journal, asking: Clerk, approver: Clerk, ticket: str) -> object:
        """Journal the approval and carry the refused verb out.

        Raises PosError no_self_approval, needs_approval, and what the verb raises.
        """
        assert self._again
        if approver.number == asking.number:
            raise PosError("no_self_approval")
        if not may(approver.role, self._action):
            raise PosError("needs_approval", action=ACTIONS[self._action])
        line, detail = self._detail
        with journal.writing() as writing:
            writing.append(ApprovalGiven(self._action, ticket, line, detail), asking.number, approver.number)
        again, self._again, self._lent = self._again, None, approver.number
        try:
            return again()
        finally:
            self._lent = 0

"""The till without a window: its rooms, and every verb.

Three faces call these verbs: the window, the script and the tests. A verb returns what there is to show, or
raises PosError and has changed nothing.
"""

from posapp.till.boards import BoardVerbs
from posapp.till.desk import verb
from posapp.till.goods import GoodsVerbs
from posapp.till.shifts import ShiftVerbs
from posapp.till.tasks import TaskVerbs
from posapp.till.ticket import TicketVerbs
from posapp.till.waiting import WaitVerbs

__all__ = ["Till", "verb"]


class Till(GoodsVerbs, TicketVerbs, TaskVerbs, WaitVerbs, ShiftVerbs, BoardVerbs):
    """One till of one store, on its folder; close() gives the folder back."""

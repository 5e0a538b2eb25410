"""The open ticket and the parked ones, kept in draft.db so that a kill leaves them whole."""

from __future__ import annotations

from dataclasses import dataclass

from posapp import db
from posapp.errors import PosError
from posapp.rules.cart import Cart, from_bytes, to_bytes

OPEN = ""
LONGEST_NAME = 30


@dataclass(frozen=True, slots=True)
class Parked:
    name: str
    cart: Cart


class Drafts:
    """One small transaction a change, through the driver's own cursor: this runs at every scan."""

    def __init__(self, file: db.File) -> None:
        self._connection = file.connect()
        self._is_sold = False

    def save(self, cart: Cart | None, now_ms: int) -> None:
        """Keep the open ticket as it is now; None: there is none."""
        self._is_sold = False
        if cart is None:
            self._connection.execute("DELETE FROM cart WHERE name = ''")
        else:
            self._connection.execute(
                "INSERT OR REPLACE INTO cart (name, data, saved) VALUES ('', ?, ?)", (to_bytes(cart), now_ms)
            )

    def sold(self) -> None:
        """The open ticket has become a sale. Nothing is written now, while a customer waits: the next ticket takes
        the draft's place, and after a kill a draft that is sold already is known by its ticket."""
        self._is_sold = True

    def load(self) -> Cart | None:
        if self._is_sold:
            return None
        row = self._connection.execute("SELECT data FROM cart WHERE name = ''").fetchone()
        return from_bytes(row[0]) if row else None

    def park(self, name: str, now_ms: int) -> None:
        """Put the open ticket aside under a name. Raises PosError name_taken, text_too_long."""
        if len(name) > LONGEST_NAME:
            raise PosError("text_too_long", most=LONGEST_NAME)
        if any(parked.name == name for parked in self.parked()):
            raise PosError("name_taken", name=name)
        self._connection.execute("UPDATE cart SET name = ?, saved = ? WHERE name = ''", (name, now_ms))

    def recall(self, name: str | None) -> Cart:
        """Take a parked ticket back as the open one; without a name the one parked last.

        Raises PosError nothing_parked, not_found.
        """
        parked = self.parked()
        if not parked:
            raise PosError("nothing_parked")
        chosen = next((held for held in parked if held.name == name), None) if name else parked[-1]
        if chosen is None:
            raise PosError("not_found", what=name)
        self.save(None, 0)
        self._connection.execute("UPDATE cart SET name = '' WHERE name = ?", (chosen.name,))
        return chosen.cart

    def parked(self) -> list[Parked]:
        """Parked tickets, the one parked first first."""
        rows = self._connection.execute("SELECT name, data FROM cart WHERE name <> '' ORDER BY saved, name")
        return [Parked(name, from_bytes(data)) for name, data in rows]

    def free_name(self) -> str:
        """The lowest number that no parked ticket bears."""
        taken = {parked.name for parked in self.parked()}
        return next(str(n) for n in range(1, len(taken) + 2) if str(n) not in taken)

    def close(self) -> None:
        self._connection.close()

"""The verbs that find goods: codes, which may also be a badge or a receipt, the search, the quick keys."""

from __future__ import annotations

from collections.abc import Callable

from posapp import answers
from posapp.catalog.recognise import goods_of, read_code, unserved
from posapp.errors import PosError
from posapp.quantity import ONE
from posapp.rules.codes import kind_of
from posapp.selling.ticket import line_view
from posapp.till.desk import verb
from posapp.till.guests import GuestVerbs
from posapp.till.money import MoneyVerbs
from posapp.till.people import PeopleVerbs


class GoodsVerbs(PeopleVerbs, MoneyVerbs, GuestVerbs):
    """What is scanned, searched and picked."""

    @verb
    def scan(self, text: str) -> object:
        """What a code is decides what it does: CODE, N*CODE or a scale label puts an article on the ticket, a badge
        signs its clerk in, a receipt is shown."""
        qty, code = read_code(text)
        kind = kind_of(code)
        if kind == "badge":
            return self.badge(code)
        clerk = self._clerk()
        if kind == "receipt":
            return self.recorded(code)
        self.books.the_shift()
        if kind == "member":
            return self.member(code)
        if self.sale.cart is None and not self.folder.has_room():
            raise PosError("disk_full")
        try:
            goods = goods_of(self.articles, code, qty, self.settings.scale_labels, self.journal.now_ms(), self._weigh())
        except PosError as error:
            if error.code == "unknown_code" and kind:
                raise unserved(kind) from None
            raise
        pack = self._pack_parts(goods.article)
        if pack and goods.qty != ONE:
            raise PosError("pack_bought", name=goods.article.name, date=("本单", "on this ticket"))
        line = self.sale.add(goods.article, goods.code, goods.qty, clerk.number, goods.amount, pack=pack)
        return line_view(self.sale, line.n)

    def search(self, text: str) -> list[answers.Found]:
        """Articles as typing goes on, the likeliest first; scan() takes the code of each."""
        return self.finder.search(text, self.journal.now_ms())

    def tiles(self) -> list[answers.TilePage]:
        return self._tiles.pages(self.journal.now_ms())

    def notices(self) -> list[answers.NoticeView]:
        return self._tiles.notices(self.journal.now_ms())

    def _weigh(self) -> Callable[[], int] | None:
        """Reads the scale in grams; None where there is none."""
        return (lambda: self.devices.weight().grams) if self.devices.scale else None

"""The till by lines: verbs from a file or standard input, one JSON object a line out.

Each answer is written and flushed after the verb's commit: that line is the acknowledgement.
"""

from __future__ import annotations

import dataclasses
import itertools
import shlex
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TextIO

import msgspec

from posapp.board.day import LOCAL, STORE, board_told
from posapp.board.figure import figure_told
from posapp.board.mine import mine_told
from posapp.clock import SimulatedClock, parse_instant, rfc3339
from posapp.errors import PosError
from posapp.money import Money, half_width
from posapp.quantity import Quantity
from posapp.rules.consents import AGE, MARKETING
from posapp.till import Till

INSTANTS = {"oldest_unsent", "last_contact", "now", "paid", "due"}

Words = list[str]


class _BadUsage(Exception):
    """The words behind a verb are not what its usage says."""


def _switch(word: str) -> bool:
    if word not in ("on", "off"):
        raise _BadUsage
    return word == "on"


def line_number(text: str) -> int:
    digits = half_width(text)
    if not digits.isascii() or not digits.isdigit() or len(digits) > 4:
        raise PosError("no_such_line", line=text[:20])
    return int(digits)


def _line_or_all(text: str) -> int | None:
    return None if text == "all" else line_number(text)


# verb: (usage, fewest words, most words, what it does); the words behind the verb are handed over
VERBS: dict[str, tuple[str, int, int, Callable[[Till, Words], object]]] = {
    "sign-in": ("sign-in CLERK PIN", 2, 2, lambda till, w: till.sign_in(*w)),
    "sign-out": ("sign-out", 0, 0, lambda till, w: till.sign_out()),
    "approve": ("approve CLERK PIN", 2, 2, lambda till, w: till.approve(*w)),
    "open-shift": ("open-shift FLOAT", 1, 1, lambda till, w: till.open_shift(Money.parse(w[0]))),
    "close-shift": (
        "close-shift COUNTED [PIECES*VALUE]...",
        1,
        30,
        lambda till, w: till.close_shift(Money.parse(w[0]), dict(map(_pieces, w[1:]))),
    ),
    "explain-shift": ("explain-shift REASON", 1, 1, lambda till, w: till.explain_shift(w[0])),
    "report": ("report x|z [print]", 1, 2, lambda till, w: _report(till, *w)),
    "cash-in": ("cash-in AMOUNT REASON", 2, 2, lambda till, w: till.cash_in(Money.parse(w[0]), w[1])),
    "cash-out": ("cash-out AMOUNT REASON", 2, 2, lambda till, w: till.cash_out(Money.parse(w[0]), w[1])),
    "drawer": ("drawer", 0, 0, lambda till, w: till.drawer()),
    "scan": ("scan [N*]CODE", 1, 1, lambda till, w: till.scan(w[0])),
    "search": ("search TEXT", 1, 12, lambda till, w: {"found": till.search(" ".join(w))}),
    "member": ("member PHONE|CODE|TAIL", 1, 1, lambda till, w: _member(till, w[0])),
    "choose-member": ("choose-member ID", 1, 1, lambda till, w: till.choose_member(w[0])),
    "drop-member": ("drop-member", 0, 0, lambda till, w: till.drop_member()),
    "join": ("join", 0, 0, lambda till, w: till.join()),
    "points": ("points N", 1, 1, lambda till, w: till.points(_points(w[0]))),
    "note": ("note NAME [VALUE]", 1, 2, lambda till, w: till.note_attribute(w[0], w[1] if w[1:] else "")),
    "consent": ("consent PURPOSE on|off", 2, 2, lambda till, w: till.consent({w[0]: _switch(w[1])})),
    "privacy": (
        "privacy page|access|correct|erase|impersonal",
        1,
        1,
        lambda till, w: till.self_service() if w[0] == "page" else till.privacy(w[0]),
    ),
    "assist": ("assist PHONE [--marketing]", 1, 2, lambda till, w: _assist(till, *w)),
    "assist-code": ("assist-code CODE", 1, 1, lambda till, w: till.assist_code(w[0])),
    "assist-on": ("assist-on", 0, 0, lambda till, w: till.assist_on()),
    "reception": ("reception", 0, 0, lambda till, w: till.reception()),
    "text": ("text PHONE claim|receipt", 2, 2, lambda till, w: till.text_message(*w)),
    "hint": ("hint [accept|decline]", 0, 1, lambda till, w: _hint(till, *w)),
    "addons": ("addons", 0, 0, lambda till, w: {"addons": till.addons()}),
    "card": ("card", 0, 0, lambda till, w: till.card()),
    "visitors": ("visitors", 0, 0, lambda till, w: till.visitors()),
    "visit": ("visit MEMBER bought|looked|not_talked", 2, 2, lambda till, w: till.visit(*w)),
    "regulars": ("regulars", 0, 0, lambda till, w: {"regulars": till.regulars()}),
    "export-regulars": ("export-regulars REASON", 1, 1, lambda till, w: till.export_regulars(w[0])),
    "leads": ("leads", 0, 0, lambda till, w: {"leads": till.leads()}),
    "lead": (
        "lead ID done|not_reached|declined [NOTE]",
        2,
        3,
        lambda till, w: {"leads": till.lead_done(*w)},
    ),
    "feedback": (
        "feedback [goods|price|service|shop|other TEXT]",
        0,
        2,
        lambda till, w: till.post_feedback(*w) if len(w) == 2 else _feedback(till, w),
    ),
    "arrive": ("arrive reception|booking|pickup [REF]", 1, 2, lambda till, w: {"waiting": till.arrive(*w)}),
    "serve": ("serve [REF]", 0, 1, lambda till, w: {"waiting": till.serve(*w)}),
    "leave": ("leave", 0, 0, lambda till, w: {"waiting": till.leave()}),
    "qty": ("qty LINE N", 2, 2, lambda till, w: till.qty(line_number(w[0]), Quantity.parse(w[1]))),
    "price": ("price LINE AMOUNT", 2, 2, lambda till, w: till.price(line_number(w[0]), Money.parse(w[1]))),
    "discount": ("discount LINE|all PERCENT%|AMOUNT", 2, 2, lambda till, w: till.discount(_line_or_all(w[0]), w[1])),
    "void": ("void LINE", 1, 1, lambda till, w: till.void(line_number(w[0]))),
    "cancel": ("cancel", 0, 0, lambda till, w: till.cancel()),
    "park": ("park [NAME]", 0, 1, lambda till, w: till.park(*w)),
    "recall": ("recall [NAME]", 0, 1, lambda till, w: till.recall(*w)),
    "pay": (
        "pay cash AMOUNT | pay card AMOUNT APPROVAL | pay static AMOUNT",
        2,
        3,
        lambda till, w: till.pay(w[0], Money.parse(w[1]), *w[2:]),
    ),
    "reprint": ("reprint RECEIPT", 1, 1, lambda till, w: {"text": till.reprint(w[0])}),
    "training": ("training on|off", 1, 1, lambda till, w: till.training(_switch(w[0]))),
    "receipts": ("receipts [MOST]", 0, 1, lambda till, w: {"receipts": till.receipts_of_day(_count(w))}),
    "void-sale": ("void-sale RECEIPT REASON", 2, 2, lambda till, w: till.void_sale(*w)),
    "unmatched": ("unmatched", 0, 0, lambda till, w: {"unmatched": till.unmatched()}),
    "match": ("match RECEIPT REFERENCE", 2, 2, lambda till, w: till.match(w[0], None, w[1])),
    "board": ("board [DATE]", 0, 1, lambda till, w: _board(till, *w)),
    "open-figure": ("open-figure METRIC [AXIS KEY]", 1, 3, lambda till, w: _open_figure(till, *w)),
    "todos": ("todos", 0, 0, lambda till, w: _todos(till)),
    "export-board": ("export-board REASON", 1, 1, lambda till, w: _export(till, w[0])),
    "mine": ("mine", 0, 0, lambda till, w: mine_told(till.mine())),
    "network": ("network on|off", 1, 1, lambda till, w: till.network(_switch(w[0]))),
    "sync": ("sync", 0, 0, lambda till, w: till.sync()),
    "status": ("status", 0, 0, lambda till, w: till.status()),
    "capabilities": ("capabilities", 0, 0, lambda till, w: _capabilities(till)),
    "at": ("at INSTANT", 1, 1, lambda till, w: _at(till, w[0])),
}


def run(till: Till, lines: Iterable[str], out: TextIO, language: str | None = None) -> bool:
    """Play a script; True when every verb was carried out. Each line is answered before the next is read.

    language of the sentences: zh or en; None takes the store's setting.
    """
    is_clean = True
    for line in lines:
        words_or_error = _words(line)
        if words_or_error == []:
            continue
        answer = _answer(till, words_or_error, language)
        is_clean = is_clean and answer["ok"] is True
        out.write(msgspec.json.encode(answer).decode() + "\n")
        out.flush()
    return is_clean


def _words(line: str) -> Words | PosError:
    if "\ufffd" in line:
        return PosError("not_text", file="stdin")
    lexer = shlex.shlex(line, posix=True)
    lexer.whitespace_split = True
    lexer.escape = lexer.commenters = ""
    try:
        return list(itertools.takewhile(lambda word: not word.startswith("#"), lexer))
    except ValueError:
        return PosError("bad_line")


def _answer(till: Till, words: Words | PosError, language: str | None) -> dict[str, Any]:
    name = words[0] if isinstance(words, list) else ""
    try:
        if isinstance(words, PosError):
            raise words
        if name not in VERBS:
            raise PosError("unknown_verb", verb=name[:30])
        usage, fewest, most, act = VERBS[name]
        if not fewest <= len(words) - 1 <= most:
            raise PosError("bad_usage", usage=usage)
        try:
            result = act(till, words[1:])
        except _BadUsage:
            raise PosError("bad_usage", usage=usage) from None
    except PosError as error:
        told = {"code": error.code, "message": error.sentence(language or till.settings.language)}
        return {"verb": name, "ok": False, "error": told}
    return {"verb": name, "ok": True, **dict(_shown(result))}


def _shown(result: object) -> Iterator[tuple[str, Any]]:
    if dataclasses.is_dataclass(result):
        pairs: Iterable[tuple[str, Any]] = (
            (field.name, getattr(result, field.name)) for field in dataclasses.fields(result)
        )
    else:
        assert isinstance(result, dict)
        pairs = result.items()
    for name, value in pairs:
        if value is None:
            continue
        yield name, rfc3339(value) if name in INSTANTS and isinstance(value, int) else _plain(value)


def _plain(value: object) -> object:
    if isinstance(value, Money | Quantity):
        return str(value)
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if dataclasses.is_dataclass(value):
        return dict(_shown(value))
    return value


def _report(till: Till, name: str, printed: str = "") -> object:
    if name not in ("x", "z") or printed not in ("", "print"):
        raise _BadUsage
    return till.report_x(printed != "") if name == "x" else till.report_z(printed != "")


def _pieces(word: str) -> tuple[Money, int]:
    """ "3*100" is three of a hundred yuan."""
    count, _, value = word.partition("*")
    if not value or not count.isascii() or not count.isdigit() or len(count) > 6:
        raise _BadUsage
    return Money.parse(value), int(count)


def _member(till: Till, text: str) -> object:
    found = till.member(text)
    return {"choices": found} if isinstance(found, list) else found


def _assist(till: Till, phone: str, more: str = "") -> object:
    """A customer ticks what is needed to join, and the offers where the script says so."""
    if more not in ("", "--marketing"):
        raise _BadUsage
    needed = {text.purpose: True for text in till.asked_texts() if text.is_needed}
    return till.assist(phone, {**needed, AGE: True, MARKETING: bool(more)})


def _hint(till: Till, answer: str = "") -> object:
    if answer not in ("", "accept", "decline"):
        raise _BadUsage
    if answer:
        return till.accept_hint() if answer == "accept" else till.decline_hint()
    return {"hint": till.hint()}


def _feedback(till: Till, words: Words) -> object:
    if words:
        raise _BadUsage
    return {"feedback": till.feedback()}


def _board(till: Till, date: str = "") -> object:
    """A day by each source that there is."""
    views = [till.board(date)]
    if views[0].source == STORE:
        views.append(till.board(date, LOCAL))
    till.leave_board()
    return board_told(views)


def _open_figure(till: Till, metric: str, axis: str = "all", key: str = "") -> object:
    if (axis == "all") != (key == ""):
        raise _BadUsage
    told = figure_told(till.open_figure(metric, axis, key))
    till.leave_board()
    return told


def _todos(till: Till) -> object:
    english = till.settings.language == "en"
    told = [
        {"kind": one.kind, "title": one.title[english], "text": one.text[english], "word": one.word[english]}
        for one in till.todos()
    ]
    till.leave_board()
    return {"todos": told}


def _export(till: Till, reason: str) -> object:
    done = till.export_board(reason)
    till.leave_board()
    return done


def _points(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise _BadUsage
    return int(text)


def _count(words: Words) -> int:
    if words and not (words[0].isascii() and words[0].isdigit() and len(words[0]) <= 4):
        raise _BadUsage
    return int(words[0]) if words else 20


def _capabilities(till: Till) -> object:
    place = 1 if till.settings.language == "en" else 0
    rows = [
        {
            "name": row.name,
            "title": row.title[place],
            "state": row.state,
            "why": row.why[place],
            "todo": row.todo[place],
        }
        for row in till.capabilities()
    ]
    return {"capabilities": rows}


def _at(till: Till, text: str) -> object:
    if not isinstance(till.clock, SimulatedClock):
        raise PosError("clock_not_simulated")
    till.clock.set(parse_instant(text, till.settings.time_zone))
    return {"now": till.clock.now_ms()}

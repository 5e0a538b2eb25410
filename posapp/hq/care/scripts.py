"""Words for clerks by scene: the program's own."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection

from posapp.hq.care.words import BLANKS, LONGEST_PROMPT, filled

DORMANT, BIRTHDAY, CHATTED, BROWSED, ORDERED = "dormant", "birthday", "chatted", "browsed", "ordered"
SCENES = (DORMANT, CHATTED, BROWSED, ORDERED, BIRTHDAY)
"""Of several hints for a person the one whose scene comes first is shown."""

Pair = tuple[str, str]

BUILT_IN: dict[str, tuple[Pair, ...]] = {
    DORMANT: (("{days}天未到店 · 有{gift}", "{days} days away · {gift}"), ("{days}天未到店", "{days} days away")),
}
"""Version 0: prompts of the program itself; it puts no words in a clerk's mouth."""


class Said(NamedTuple):
    """What a person's hint says. version 0: the program's own; experiment: that chose it, "" for none."""

    version: int
    prompt: Pair
    line: Pair
    experiment: str = ""


def say(_conn: Connection, scene: str, _root: str, _now: int, **values: str | Pair) -> Said | None:
    """What is said to a person in a scene; None in a scene that has no words."""
    chinese, english = ({name: v if isinstance(v, str) else v[n] for name, v in values.items()} for n in (0, 1))
    for prompt in BUILT_IN.get(scene, ()):
        if all(f"{{{name}}}" not in prompt[0] or values.get(name) for name in BLANKS):
            told = (filled(prompt[0], chinese, LONGEST_PROMPT), filled(prompt[1], english, LONGEST_PROMPT))
            return Said(0, told, ("", ""))
    return None

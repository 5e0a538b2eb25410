"""Words for clerks, by scene and version: one writes a draft, another approves it, and no other text reaches a till."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, func, select, update

from posapp.clock import rfc3339
from posapp.errors import PosError
from posapp.hq.care import experiments
from posapp.hq.care.tables import script
from posapp.hq.care.words import BLANKS, LONGEST_LINE, LONGEST_PROMPT, filled, says, template
from posapp.hq.database import Database
from posapp.hq.members.tiers import pair, plain_id

DRAFT, APPROVED, RETIRED = "draft", "approved", "retired"
DORMANT, BIRTHDAY, CHATTED, BROWSED, ORDERED = "dormant", "birthday", "chatted", "browsed", "ordered"
SCENES = (DORMANT, CHATTED, BROWSED, ORDERED, BIRTHDAY)
"""Of several hints for a person the one whose scene comes first is shown: what lasts for a month gives way to what just
happened. Scenes that are not named come last."""

Pair = tuple[str, str]

BUILT_IN: dict[str, tuple[Pair, ...]] = {
    DORMANT: (("{days}天未到店 · 有{gift}", "{days} days away · {gift}"), ("{days}天未到店", "{days} days away")),
    BIRTHDAY: (("本月生日 · 积分{times}倍", "Birthday · points x{times}"),),
    CHATTED: (("聊到过{topic}", "Asked about {topic}"),),
    BROWSED: (("刚看过{goods}", "Looked at {goods}"),),
    ORDERED: (("网上买过{goods}", "Ordered {goods}"),),
}
"""Version 0: prompts of the program itself, where nobody has approved another; it puts no words in a clerk's mouth."""


class Said(NamedTuple):
    """What a person's hint says. version 0: the program's own; experiment: that chose it, "" for none."""

    version: int
    prompt: Pair
    line: Pair
    experiment: str = ""


def draft(database: Database, scene: str, prompt: str, line: str, author: str, now: int) -> int:
    """Write a version; its number. prompt, line: "中文/English", the line may be "".

    Raises PosError bad_id, bad_name, bad_blank, digits_in_text, inward_word.
    """
    texts = {"prompt": _texts(prompt, LONGEST_PROMPT), "line": _texts(line, LONGEST_LINE) if line else ("", "")}
    with database.transaction() as conn:
        return draft_on(conn, scene, texts["prompt"], texts["line"], author, now)


def draft_on(conn: Connection, scene: str, prompt: Pair, line: Pair, author: str, now: int) -> int:
    last = conn.scalar(select(func.max(script.c.version)).where(script.c.scene == plain_id(scene))) or 0
    row = {
        "scene": scene,
        "version": last + 1,
        "prompt": json.dumps(prompt, ensure_ascii=False),
        "line": json.dumps(line, ensure_ascii=False),
        "state": DRAFT,
        "author": author,
        "made": now,
    }
    conn.execute(script.insert(), row)
    return last + 1


def _texts(text: str, most: int) -> Pair:
    # A blank may be longer than the text around it, which is what is measured.
    chinese, english = pair(text, 4 * most)
    for one in (chinese, english):
        template(one, 4 * most)
        if len(filled(one, {}, 4 * most)) > most:
            raise PosError("text_too_long", most=most)
    return chinese, english


def approve(database: Database, scene: str, version: int, by: str, now: int) -> None:
    """Let a draft reach the tills. Raises PosError not_found, own_script, not_a_draft."""
    with database.transaction() as conn:
        held = _find(conn, scene, version, lock=True)
        if held.state != DRAFT:
            raise PosError("not_a_draft", scene=scene, version=version)
        if held.author == by:
            raise PosError("own_script")
        _write(conn, held, state=APPROVED, approved_by=by, approved=now)


def retire(conn: Connection, scene: str, version: int) -> None:
    """A version is said no more; its hints are for the caller to tell again. Raises PosError not_found."""
    _write(conn, _find(conn, scene, version, lock=True), state=RETIRED)


def _find(conn: Connection, scene: str, version: int, *, lock: bool = False) -> Row[Any]:
    asked = select(script).where(script.c.scene == scene, script.c.version == version)
    row = conn.execute(asked.with_for_update() if lock else asked).one_or_none()
    if row is None:
        raise PosError("not_found", what=f"{scene[:20]} {version}")
    return row


def _write(conn: Connection, held: Row[Any], **values: Any) -> None:
    mine = (script.c.scene == held.scene, script.c.version == held.version)
    conn.execute(update(script).where(*mine).values(**values))


def approved(conn: Connection, scene: str, version: int) -> tuple[Pair, Pair] | None:
    """Prompt and line of an approved version."""
    held = conn.execute(
        select(script).where(script.c.scene == scene, script.c.version == version, script.c.state == APPROVED)
    ).one_or_none()
    return (pair_of(held.prompt), pair_of(held.line)) if held else None


def pair_of(text: str) -> Pair:
    chinese, english = json.loads(text)
    return chinese, english


def say(conn: Connection, scene: str, root: str, now: int, **values: str | Pair) -> Said | None:
    """What is said to a person in a scene: the newest approved version, or the one an experiment chose for them; None
    for who is told nothing (holdout), and in a scene that has no words."""
    trial = experiments.arm_of(conn, scene, root, now)
    if trial and not trial.version:
        return None
    version = trial.version if trial else _newest(conn, scene)
    texts = approved(conn, scene, version) if version else None
    if texts is None:
        version, texts = 0, _own(scene, values)
    if texts is None:
        return None
    chinese, english = ({name: v if isinstance(v, str) else v[n] for name, v in values.items()} for n in (0, 1))
    prompt, line = texts
    return Said(
        version,
        (filled(prompt[0], chinese, LONGEST_PROMPT), filled(prompt[1], english, LONGEST_PROMPT)),
        (filled(line[0], chinese, LONGEST_LINE), filled(line[1], english, LONGEST_LINE)),
        trial.experiment if trial and version else "",
    )


def _newest(conn: Connection, scene: str) -> int:
    asked = select(func.max(script.c.version)).where(script.c.scene == scene, script.c.state == APPROVED)
    return conn.scalar(asked) or 0


def _own(scene: str, values: dict[str, str | Pair]) -> tuple[Pair, Pair] | None:
    """The program's own prompt whose blanks can all be filled."""
    for prompt in BUILT_IN.get(scene, ()):
        if all(f"{{{name}}}" not in prompt[0] or values.get(name) for name in BLANKS):
            return prompt, ("", "")
    return None


def check(conn: Connection, scene: str, version: int, prompt: Pair, line: Pair) -> None:
    """Raises PosError script_unapproved for words that nobody approved, text_too_long for a prompt of too many."""
    if any(len(text) > LONGEST_PROMPT for text in prompt):
        raise PosError("text_too_long", most=LONGEST_PROMPT)
    if version:
        texts = approved(conn, scene, version)
        known = [texts] if texts else []
    else:
        known = [(own, ("", "")) for own in BUILT_IN.get(scene, ())]
    for own, spoken in known:
        if all(map(says, own, prompt)) and (line == ("", "") or all(map(says, spoken, line))):
            return
    raise PosError("script_unapproved", scene=scene, version=version)


def listed(conn: Connection, scene: str = "") -> list[dict[str, Any]]:
    """Every version, of one scene or all, the newest first."""
    asked = select(script).order_by(script.c.scene, script.c.version.desc())
    rows = conn.execute(asked.where(script.c.scene == scene) if scene else asked)
    return [
        {
            "scene": row.scene,
            "version": row.version,
            "state": row.state,
            "prompt": json.loads(row.prompt),
            "line": json.loads(row.line),
            "author": row.author,
            "made": rfc3339(row.made),
            "approved_by": row.approved_by,
            "approved": rfc3339(row.approved) if row.approved else None,
        }
        for row in rows
    ]

"""Experiments in the browser: each version's counts and shares beside the holdout, with their 95 % intervals."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from posapp.hq.care import experiments
from posapp.hq.care.tables import experiment
from posapp.hq.console.desk import Both, Desk
from posapp.hq.console.grids import Column
from posapp.hq.console.pages.scripts_page import SCRIPT_NAMES
from posapp.hq.console.reports.shape import TRIAL, Asked, Report, Sheet, Table, of
from posapp.rules.proportions import FEW

_WORD: Both = (
    f"{experiments.WINDOW_DAYS}天内购买的人 ÷ 分到这一组的人",
    f"persons who bought within {experiments.WINDOW_DAYS} days ÷ persons of this arm",
)
_ARMS = (
    Column("arm", ("版本", "Version"), wide=2, least=120),
    Column("assigned", ("人数", "Persons"), "persons", meaning=("按会员的哈希分到这一组的人", "by the member's hash")),
    Column(
        "shown", ("展示", "Shown"), "persons", meaning=("收银台真的显示过的人", "who was really shown it at a till")
    ),
    Column("accepted", ("采用", "Accepted"), "persons", meaning=("店员采用了提示", "the clerk took it up")),
    Column("declined", ("谢绝", "Declined"), "persons", meaning=("顾客谢绝", "the customer declined")),
    Column("ignored", ("未理会", "Ignored"), "persons", meaning=("显示了没有处理", "shown and left")),
    Column("rate", ("购买率", "Purchase rate"), "percent", meaning=_WORD),
    Column("rate_span", ("购买率 95%", "Rate 95 %"), least=130, meaning=("威尔逊区间", "Wilson's interval")),
    Column(
        "uplift",
        ("提升(百分点)", "Uplift (points)"),
        "tenths",
        meaning=("购买率 − 对照组购买率", "rate − the holdout's"),
    ),
    Column("uplift_span", ("提升 95%", "Uplift 95 %"), least=140, meaning=("纽康姆区间", "Newcombe's interval")),
)


def trials_of(conn: Connection) -> list[str]:
    """Newest first."""
    return list(conn.scalars(select(experiment.c.id).order_by(experiment.c.starts.desc(), experiment.c.id)))


def trial(conn: Connection, desk: Desk, asked: Asked) -> Sheet:
    every = trials_of(conn)
    if not every:
        return Sheet([], notes=[desk.say("还没有实验", "There is no experiment yet")])
    told = experiments.report(conn, asked.trial or every[0])
    rows = [_arm(desk, arm) for arm in told["arms"] if arm["version"] or told["holdout"]]
    running = (
        desk.say("进行中", "running") if told["ends"] is None else f"{desk.say('结束于', 'ended')} {told['ends'][:10]}"
    )
    scene = desk.word(SCRIPT_NAMES.get(told["scene"], (told["scene"],) * 2))
    note = f"{told['id']} · {scene} · {desk.say('自', 'from')} {told['starts'][:10]} · {running}"
    return Sheet([Table(("各版本", "Versions"), _ARMS, rows, name=f"experiment-{told['id']}")], notes=[note])


def _arm(desk: Desk, arm: dict[str, Any]) -> dict[str, Any]:
    rate, uplift = arm["purchase_rate"], arm.get("uplift")
    few = desk.word(FEW) if arm["few"] else ""
    return {
        **arm,
        "arm": f"{desk.say('版本', 'Version')} {arm['version']}" if arm["version"] else desk.say("对照组", "Holdout"),
        "rate": rate and rate["percent"],
        "of_rate": of(arm["bought"], arm["assigned"]),
        "rate_span": f"{rate['low']}% – {rate['high']}%" if rate else few,
        "uplift": uplift and uplift["points"],
        "uplift_span": f"{uplift['low']} – {uplift['high']}" if uplift else few,
    }


REPORTS = (
    Report(
        "experiment",
        ("话术实验", "Experiments"),
        ("各版本与对照组,带95%区间", "each version beside the holdout, with 95 % intervals"),
        trial,
        frozenset({TRIAL}),
        is_of_chain=True,
    ),
)

"""Standards in the browser: replies, the three minutes, a store's three numbers, attribution, what stands out."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from posapp.hq.care import owners
from posapp.hq.console.desk import Desk
from posapp.hq.console.grids import Column
from posapp.hq.console.reports.shape import (
    ANY_STORE,
    DAY,
    ONE_STORE,
    SPAN,
    SUM_STORE,
    Asked,
    Report,
    Sheet,
    Table,
    metric,
    number_of,
    of,
    store_column,
)
from posapp.hq.console.words import CHANNELS
from posapp.hq.people import store_names
from posapp.hq.rewards import attribution, exceptions, scores, served, wecom_stats
from posapp.rules.dictionary import LEAST_RANKED, METRICS, VERSION, Value, text_of

_SINCE_SPAN = frozenset({SPAN})
_OF_DAY = frozenset({DAY})


def _place(names: dict[int, str], number: int, desk: Desk) -> str:
    return f"{number} {names.get(number, '')}".strip() if number else desk.say("不属门店", "of no store")


# --- replies ---

_REPLIES = (
    store_column(),
    Column(
        "in_hour_share",
        METRICS["reply_in_hour"].name,
        "percent",
        meaning=METRICS["reply_in_hour"].formula,
    ),
    Column(
        "answered_share", ("回复率", "Answered"), "percent", meaning=("已回复的会话 ÷ 会话", "chats answered ÷ chats")
    ),
    Column(
        "mean_minutes",
        ("平均分钟", "Mean minutes"),
        "tenths",
        meaning=("到第一次回复的平均分钟,只有企微自己的统计才有", "to the first answer; only WeCom's own count has it"),
    ),
    Column("chats", ("会话", "Chats"), "number", meaning=("客户会话数", "chats with customers")),
    Column(
        "active_share",
        METRICS["group_activity"].name,
        "percent",
        meaning=METRICS["group_activity"].formula,
    ),
    Column(
        "members",
        ("群成员", "Group members"),
        "persons",
        meaning=("每天的群成员数之和", "group members, added up by day"),
    ),
)


def replies(conn: Connection, desk: Desk, asked: Asked) -> Sheet:
    told = wecom_stats.stats(conn, asked.since, asked.until, asked.store or None)
    names = store_names(conn)
    rows = [
        {
            **row,
            "place": _place(names, row["store"], desk),
            **{
                name: number_of(row[name])
                for name in ("in_hour_share", "answered_share", "active_share", "mean_minutes")
            },
            **_of(row, in_hour_share=("in_hour", "hour_chats"), answered_share=("answered", "chats")),
            **_of(row, active_share=("active", "members")),
        }
        for row in told["stores"]
        if desk.user.sees(row["store"])
    ]
    return Sheet([Table(("企微回复", "WeCom replies"), _REPLIES, rows, name="wecom-stats")], version=VERSION)


def _of(row: dict[str, Any], **rates: tuple[str, str]) -> dict[str, str]:
    return {f"of_{name}": of(row[top], row[bottom]) for name, (top, bottom) in rates.items() if row[bottom]}


# --- three minutes ---

_SERVED = (
    Column("share", METRICS[served.METRIC].name, "percent", meaning=METRICS[served.METRIC].formula),
    Column(
        "p90_seconds",
        ("P90 秒", "P90 seconds"),
        "number",
        meaning=("十次中九次最多等这么久", "nine in ten waited no longer"),
    ),
    Column("arrivals", ("到店", "Arrivals"), "number", meaning=("两个时间都有的次数", "arrivals with both times")),
    Column("in_time", ("达标", "In time"), "number", meaning=("不超过180秒", "within 180 s")),
)
_RANK = Column(
    "rank",
    ("名次", "Rank"),
    "number",
    least=90,
    meaning=(f"全连锁名次,不足{LEAST_RANKED}次的不排", f"in the chain; none of fewer than {LEAST_RANKED} arrivals"),
)


def in_time(conn: Connection, desk: Desk, asked: Asked) -> Sheet:
    told = served.served(conn, asked.since, asked.until)  # the rank is the chain's, whatever is shown of it
    stores = [
        {**row, "place": f"{row['store']} {row['name']}"}
        for row in told["stores"]
        if desk.user.sees(row["store"]) and asked.store in (0, row["store"])
    ]
    rows = [{**row, **_served(row)} for row in stores]
    days = [{**day, **_served(day), "place": row["place"]} for row in stores for day in row["days"]]
    opens = (lambda row: f"/reports/served?{asked.address(store=row['store'])}") if not asked.store else None
    date = Column("date", ("日期", "Date"), least=120)
    return Sheet(
        [
            Table(("门店排名", "Ranking of stores"), (_RANK, store_column(), *_SERVED), rows, opens, name="served"),
            Table(("按日", "By day"), (date, store_column(), *_SERVED), days, name="served-days"),
        ],
        version=VERSION,
    )


def _served(row: dict[str, Any]) -> dict[str, Any]:
    return {"share": number_of(row["share"]), **_of(row, share=("in_time", "arrivals"))}


# --- three numbers ---


def three_numbers(conn: Connection, desk: Desk, asked: Asked) -> Sheet:
    version = scores.version_of(asked.date)
    rows = []
    for number, name in store_names(conn).items():
        if not desk.user.sees(number) or asked.store not in (0, number):
            continue
        row: dict[str, Any] = {"place": f"{number} {name}"}
        for score, top, bottom in scores.scores_of(conn, number, asked.date):
            row[score] = number_of(text_of(METRICS[score].kind, Value(top, bottom)))
            if bottom:
                row[f"of_{score}"] = of(top, bottom)
        rows.append(row)
    columns = (store_column(), *(metric(name) for name in scores.FORMULAS[version]))
    return Sheet([Table(("统一考核", "Store scores"), columns, rows, name=f"scores-{asked.date}")], version=version)


# --- attribution ---

_MODELS = {
    "first": (("首次触点", "First touch"), ("全部记给最早的触点", "all of it to the first touch")),
    "last": (("末次触点", "Last touch"), ("全部记给最晚的触点", "all of it to the last touch")),
    "linear": (("线性", "Linear"), ("在所有触点间平分", "shared evenly among all touches")),
}


def credit(conn: Connection, desk: Desk, asked: Asked) -> Sheet:
    told = attribution.attribution(conn, asked.since, asked.until, asked.store or None)
    rows = [
        {"channel": desk.word(CHANNELS.get(row["channel"], (row["channel"],) * 2)), **_credited(row)}
        for row in told["channels"]
    ]
    if rows:
        rows.append({"channel": desk.say("合计", "All"), **_credited(told["credited"])})
    columns = (
        Column("channel", ("渠道", "Channel"), wide=2, least=130),
        *(Column(name, title, "hundredths", meaning=meant) for name, (title, meant) in _MODELS.items()),
    )
    note = desk.say(
        f"{told['tickets']:,} 单,净额 {told['sales']};看付款前 {told['days']} 天内的触点,每种算法的合计都是净额",
        f"{told['tickets']:,} tickets, net {told['sales']}; touches of the {told['days']} days before payment; every "
        "model gives away exactly the net",
    )
    return Sheet([Table(("销售归因", "Sales by channel"), columns, rows, name="attribution")], notes=[note])


def _credited(row: dict[str, str]) -> dict[str, float | None]:
    return {name: number_of(row[name]) for name in _MODELS}


# --- whose sales ---

_CREDIT = (
    Column("who", ("店员", "Clerk"), wide=2, least=130),
    Column(
        "sold", ("收银净额", "Rung up"), "hundredths", meaning=("自己收银,减去退款", "rung up, less what went back")
    ),
    Column(
        "credit",
        ("业绩", "Credited"),
        "hundredths",
        meaning=("按当时的专属店员和业绩规则", "by who looked after the member then, and the rule of that time"),
    ),
)


def whose(conn: Connection, desk: Desk, asked: Asked) -> Sheet:
    told = owners.credited(conn, asked.since, asked.until, asked.store)
    rows = [
        {
            **row,
            "who": f"{row['clerk']} {row['name']}".strip(),
            "sold": number_of(row["sold"]),
            "credit": number_of(row["credit"]),
        }
        for row in told
    ]
    return Sheet([Table(("销售业绩", "Sales credit"), _CREDIT, rows, name="credit")])


# --- what stands out ---

_SIGNALS = (
    Column("who", ("店员", "Clerk"), wide=2, least=130),
    Column("what", ("看什么", "What"), wide=3, least=190),
    Column("mark", ("值得看", "Stands out"), least=100, meaning=("", "")),
    Column("value", ("当天", "The day"), meaning=("次数 ÷ 可能的次数", "count ÷ what it could have been")),
    Column(
        "own",
        ("本人近8周", "Own 8 weeks"),
        meaning=("同一店员前八周的同一比值", "the same of this clerk in the eight weeks before"),
    ),
    Column(
        "median", ("全店中位数", "Store's median"), meaning=("本店所有店员的中位数", "the median of the store's clerks")
    ),
)


def odd(conn: Connection, desk: Desk, asked: Asked) -> Sheet:
    told = exceptions.exceptions(conn, asked.store, asked.date)
    limits = told["thresholds"]
    meant = (
        f"超过全店中位数和本人近8周的 {limits['times']} 倍,且不少于最低次数",
        f"over {limits['times']} times the store's median and the own eight weeks, and no fewer than the least",
    )
    rows = [
        {
            "who": f"{one['clerk']} {one['name']}",
            "what": f"{desk.word(tuple(signal['name']))} ÷ {desk.word(tuple(signal['over']))}",
            "mark": desk.say("● 是", "● yes") if signal["stands_out"] else "",
            "value": signal["value"],
            "of_value": of(signal["count"], signal["of"]),
            "own": signal["own"],
            "median": signal["median"],
        }
        for one in told["clerks"]
        for signal in sorted(one["signals"], key=lambda signal: not signal["stands_out"])
    ]
    columns = [column._replace(meaning=meant) if column.field == "mark" else column for column in _SIGNALS]
    table = Table(("线索", "Leads to look at"), columns, rows)
    return Sheet([table], notes=[desk.word((told["notice"][0], told["notice"][1]))])


REPORTS = (
    Report(
        "served",
        ("3分钟接待", "Served within 3 minutes"),
        ("达标率与门店排名", "share in time and the ranking of stores"),
        in_time,
        _SINCE_SPAN,
        ANY_STORE,
    ),
    Report(
        "wecom-stats",
        ("企微回复", "WeCom replies"),
        ("1小时响应率与社群活跃度", "answers within the hour and group activity"),
        replies,
        _SINCE_SPAN,
        ANY_STORE,
    ),
    Report(
        "scores",
        ("统一考核", "Store scores"),
        ("社群活跃度、到店转化率、复购率", "group activity, visit conversion, repurchase"),
        three_numbers,
        _OF_DAY,
        ANY_STORE,
    ),
    Report(
        "credit",
        ("销售业绩", "Sales credit"),
        ("按店员: 自己收银与记给谁", "by clerk: rung up, and credited to whom"),
        whose,
        _SINCE_SPAN,
        SUM_STORE,
    ),
    Report(
        "exceptions",
        ("异常线索", "What stands out"),
        ("按店员,只是线索", "by clerk; leads, no accusations"),
        odd,
        _OF_DAY,
        ONE_STORE,
    ),
    Report(
        "attribution",
        ("销售归因", "Attribution"),
        ("首次、末次与线性并列", "first, last and linear side by side"),
        credit,
        _SINCE_SPAN,
        SUM_STORE,
    ),
)

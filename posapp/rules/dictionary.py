"""Every figure that a screen or report shows: its name, its formula in words, its two numbers (domain.md 6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from posapp.rules.metrics import Figures, Usual

VERSION = 1
"""Of the formulas. Another formula is another version; a figure that is kept says by which it was made."""

LEAST_RANKED = 30
"""Rates of fewer tickets stand in no ranking."""


class Value(NamedTuple):
    """A figure as its two numbers; a count or an amount has the denominator 1."""

    top: int
    bottom: int

    @property
    def is_known(self) -> bool:
        return self.bottom > 0


class Metric(NamedTuple):
    """name, formula, note: Chinese and English. kind: rate, count, money (fen) or average (top by bottom: money,
    pieces or days). of: its two numbers from a day's or period's figures, None where it is worked out per person.
    since: the VERSION that brought this formula. opens: what it is made of, tickets or joins, and which of them."""

    name: tuple[str, str]
    formula: tuple[str, str]
    kind: str
    of: Callable[[Figures], Value] | None = None
    opens: tuple[str, str] = ("", "")
    since: int = 1


def _rate(top: str, bottom: str) -> Callable[[Figures], Value]:
    return lambda figures: Value(getattr(figures, top), getattr(figures, bottom))


def _count(top: str) -> Callable[[Figures], Value]:
    return lambda figures: Value(getattr(figures, top), 1)


METRICS: dict[str, Metric] = {
    "join_rate": Metric(
        ("入会率", "Join rate"),
        ("店内渠道新增入会 ÷ 非会员交易", "joins by in-store channels ÷ walk-in tickets"),
        "rate",
        _rate("joins", "walk_ins"),
        ("joins", "all"),
    ),
    "walk_ins": Metric(
        ("非会员交易", "Walk-in tickets"),
        (
            "实付大于0、开单前不是会员的完成销售单,扣除后来由老会员认领的和员工购买的",
            "completed tickets with net paid > 0 whose buyer was no member before they opened; without those that a "
            "member claimed later and what staff bought",
        ),
        "count",
        _count("walk_ins"),
        ("tickets", "walk_in"),
    ),
    "conversion": Metric(
        ("开单转化", "Ticket conversion"),
        (
            "本单二维码在开单到付款后24小时内带来入会的非会员交易 ÷ 非会员交易",
            "walk-in tickets whose own code led to a join from opening to 24 h after payment ÷ walk-in tickets",
        ),
        "rate",
        _rate("converted", "walk_ins"),
        ("tickets", "converted"),
    ),
    "joins": Metric(
        ("新增入会", "Joins"),
        ("第一次成为会员的人数,按店内渠道", "persons who became members for the first time, by in-store channels"),
        "count",
        _count("joins"),
        ("joins", "all"),
    ),
    "shown": Metric(
        ("展示", "Shown"),
        ("入会码在客显停留3秒以上的非会员交易", "walk-in tickets whose join code stood for 3 seconds"),
        "count",
        _count("shown"),
        ("tickets", "shown"),
    ),
    "scan_rate": Metric(
        ("扫码率", "Scan rate"),
        ("被打开的入会码 ÷ 展示", "codes opened ÷ shown"),
        "rate",
        _rate("opened", "shown"),
    ),
    "authorised_rate": Metric(
        ("授权率", "Authorised rate"),
        ("确认了手机号的码 ÷ 被打开的码", "codes with which a phone was confirmed ÷ codes opened"),
        "rate",
        _rate("authorised", "opened"),
    ),
    "completion_rate": Metric(
        ("入会完成率", "Completion rate"),
        ("带来新会员的码 ÷ 确认了手机号的码", "codes with a new join ÷ codes with a phone confirmed"),
        "rate",
        _rate("enrolled", "authorised"),
    ),
    "wecom_rate": Metric(
        ("加企微率", "WeCom rate"),
        ("24小时内加了企业微信的入会 ÷ 入会", "joins with a WeCom relation within 24 h ÷ joins"),
        "rate",
        _rate("wecom", "joins"),
        ("joins", "wecom"),
    ),
    "first_order_rate": Metric(
        ("首单率", "First-order rate"),
        ("入会起7天内有付款单的入会 ÷ 入会", "joins with a paid order from the ticket of joining to 7 days ÷ joins"),
        "rate",
        _rate("first", "joins"),
        ("joins", "first"),
    ),
    "second_purchase_rate": Metric(
        ("入会复购率", "Second-purchase rate of joins"),
        (
            "首次购买后30天内有第二个购买日的入会 ÷ 入会",
            "joins with a second purchase day within 30 days of the first ÷ joins",
        ),
        "rate",
        _rate("again", "joins"),
        ("joins", "again"),
    ),
    "recognition_rate": Metric(
        ("会员识别率", "Recognition rate"),
        ("付款时有会员的单 ÷ 完成销售单", "tickets with a member at payment ÷ completed tickets"),
        "rate",
        _rate("recognised", "tickets"),
        ("tickets", "recognised"),
    ),
    "member_sales_share": Metric(
        ("会员销售占比", "Members' share of sales"),
        ("会员单销售额 ÷ 销售额", "sales of tickets with a member ÷ sales"),
        "rate",
        _rate("member_net", "net"),
        ("tickets", "recognised"),
    ),
    "tickets": Metric(
        ("成交单数", "Tickets"),
        ("完成销售单,当日作废的和退货单不算", "completed sale tickets, without those voided on their day and returns"),
        "count",
        _count("tickets"),
        ("tickets", "completed"),
    ),
    "net_sales": Metric(
        ("净销售额", "Net sales"),
        ("完成销售单实付 − 其他退款", "paid on completed tickets − what went back otherwise"),
        "money",
        lambda figures: Value(figures.net - figures.refunded, 1),
        ("tickets", "completed"),
    ),
    "average_ticket": Metric(
        ("客单价", "Average ticket"),
        ("净销售额 ÷ 成交单数;退货只减销售额,不减单数", "net sales ÷ tickets; returns lessen sales, not tickets"),
        "average",
        lambda figures: Value(figures.net - figures.refunded, figures.tickets),
        ("tickets", "completed"),
    ),
    "pieces_per_ticket": Metric(
        ("连带率", "Items per ticket"),
        ("件数 ÷ 成交单数", "items ÷ tickets"),
        "pieces",
        _rate("pieces", "tickets"),
        ("tickets", "completed"),
    ),
    "refund_rate": Metric(
        ("退货率", "Refund rate"),
        ("退款净额 ÷ 销售额", "returned net ÷ sales"),
        "rate",
        _rate("refunded", "net"),
    ),
    "repurchase_rate": Metric(
        ("复购率(30日)", "Repurchase rate (30 days)"),
        (
            "首次购买后30天内有第二个购买日的人 ÷ 该批首次购买的人",
            "persons whose second purchase day is within 30 days of the first ÷ persons with a first purchase in the "
            "cohort",
        ),
        "rate",
    ),
    "dormant": Metric(
        ("沉睡", "Dormant"),
        (
            "超过 max(60天, 3 × 同业态复购周期中位数) 没有购买的会员",
            "members without a purchase for max(60 days, 3 × the format's median cycle)",
        ),
        "count",
    ),
    "wake_rate": Metric(
        ("唤醒率", "Wake rate"),
        (
            "触达时沉睡、14天内有购买的人 ÷ 触达的人;旁边是比对照组多出的部分",
            "persons dormant at contact with a purchase within 14 days ÷ persons contacted; beside it what that is "
            "beyond the holdout's",
        ),
        "rate",
    ),
    "cycle": Metric(
        ("复购周期", "Repurchase cycle"),
        (
            "近180天每人相邻购买日的平均间隔(至少2个购买日),给出中位数和平均数",
            "each person's mean gap between purchase days of 180 days (2 days at least); median and mean of persons",
        ),
        "days",
    ),
    "ltv": Metric(
        ("会员终身价值 LTV", "Lifetime value"),
        ("每人所有订单的净销售额 − 成本 − 已给优惠,按入会批次", "net sales − cost − benefits of all orders, by cohort"),
        "average",
    ),
    "annual_spend": Metric(
        ("年均消费额", "Annual spend"),
        ("365天净销售额 ÷ 期间有购买的人", "net sales of 365 days ÷ persons active in them"),
        "average",
    ),
    "annual_frequency": Metric(
        ("年均消费频次", "Annual frequency"),
        ("365天购买日数 ÷ 期间有购买的人", "purchase days of 365 days ÷ persons active in them"),
        "days",
    ),
    "cross_channel_share": Metric(
        ("跨渠道用户占比", "Cross-channel share"),
        (
            "90天内在两个以上渠道有付款单的人 ÷ 有付款单的人",
            "persons with paid orders in two or more channels ÷ persons with any, 90 days",
        ),
        "rate",
    ),
    "cross_channel_repurchase": Metric(
        ("跨渠道复购率", "Cross-channel repurchase"),
        (
            "第二次购买在另一渠道的人 ÷ 购买两次以上的人",
            "persons whose second purchase was in another channel ÷ persons with two or more",
        ),
        "rate",
    ),
    "reachable_share": Metric(
        ("私域用户占比", "Reachable share"),
        (
            "可触达的人(企微、群或同意短信) ÷ 90天内识别到的购买者",
            "reachable persons (WeCom, group or consented messages) ÷ identified buyers, 90 days",
        ),
        "rate",
    ),
    "served_in_time": Metric(
        ("3分钟接待达标率", "Served within 3 minutes"),
        (
            "从到店到开始接待不超过180秒的次数 ÷ 两个时间都有的次数",
            "arrivals served within 180 s ÷ arrivals with both times",
        ),
        "rate",
    ),
    "persons": Metric(("人数", "Persons"), ("合并后的人,每人一次", "persons after merges, each once"), "count"),
    "buyer_share": Metric(
        ("购买率", "Buyer share"), ("有购买的人 ÷ 该批的人", "persons who bought ÷ persons of the cohort"), "rate"
    ),
    "not_returned": Metric(
        ("未回购率", "Not returned"),
        (
            "回测:30天前按逾期比打分,之后30天没有购买的人 ÷ 当时达到(或未达到)该分的人",
            "back-test: scored as of 30 days ago by overdue ratio, persons without a purchase in the 30 days since ÷ "
            "persons at (or below) that score",
        ),
        "rate",
    ),
    "churn_risk": Metric(
        ("流失风险", "Churn risk"),
        ("距上次购买的天数 ÷ 本人复购周期", "days since the last purchase ÷ the person's own cycle"),
        "rate",
    ),
    "dwell": Metric(
        ("停留时间", "Dwell time"),
        ("离店时间 − 到店时间,两个时间都有才算", "leaving − arrival, of visits with both times"),
        "average",
    ),
    "views": Metric(("浏览次数", "Views"), ("30天内商品被浏览的次数", "views of an article in 30 days"), "count"),
    "viewers": Metric(("浏览人数", "Viewers"), ("30天内浏览过的人", "persons who viewed it in 30 days"), "count"),
    "bought_after_view": Metric(
        ("浏览后购买率", "Bought after a view"),
        ("首次浏览后14天内在门店买了该商品的人 ÷ 浏览人数", "viewers who bought it at a till within 14 days ÷ viewers"),
        "rate",
    ),
    "sold": Metric(("门店销量", "Sold at tills"), ("30天门店销售件数", "pieces sold at tills in 30 days"), "pieces"),
    "cac": Metric(
        ("获客成本 CAC", "Cost of a new member"),
        (
            "(投放 + 赠品成本 + 首单所用优惠 + 店员奖励) ÷ 新增入会,按渠道",
            "(media + what gifts cost + benefits used in the first order + clerks' rewards) ÷ joins, by channel",
        ),
        "average",
    ),
    "cac_media": Metric(("投放", "Media"), ("导入的渠道花费,按天分摊", "spend as imported, shared by day"), "money"),
    "cac_gifts": Metric(
        ("赠品成本", "Gifts"), ("入会一周内领走的赠品的成本", "what gifts cost that went in the first week"), "money"
    ),
    "cac_benefits": Metric(
        ("首单优惠", "First-order benefits"),
        ("首单用掉的优惠和积分", "benefits and points used in first orders"),
        "money",
    ),
    "cac_rewards": Metric(
        ("店员奖励", "Rewards"), ("为这些入会给店员的奖励", "what clerks get for these joins"), "money"
    ),
    "days": Metric(("天数", "Days"), ("有成交的营业日", "business days with tickets"), "count"),
    "arrived_share": Metric(
        ("到店", "Arrived"), ("当天到店的人 ÷ 名单人数", "persons who came that day ÷ listed"), "rate"
    ),
    "talked_share": Metric(("聊过", "Talked to"), ("店员聊过的人 ÷ 名单人数", "persons talked to ÷ listed"), "rate"),
    "bought_share": Metric(
        ("购买", "Bought"), ("当天购买的人 ÷ 名单人数", "persons who bought that day ÷ listed"), "rate"
    ),
    "reply_in_hour": Metric(
        ("1小时响应率", "Answered within the hour"),
        ("1小时内回复的会话 ÷ 会话", "chats answered within the hour ÷ chats"),
        "rate",
    ),
    "group_activity": Metric(
        ("社群活跃度", "Group activity"),
        ("当日发过消息的群成员 ÷ 群成员", "group members who spoke that day ÷ group members"),
        "rate",
    ),
    "visit_conversion": Metric(
        ("到店转化率", "Visit conversion"),
        ("当日识别到且有购买的会员 ÷ 当日识别到的会员", "members recognised who bought that day ÷ members recognised"),
        "rate",
    ),
    "freshness": Metric(
        ("数据新鲜度", "Data freshness"),
        (
            "最早未上传记录不到10分钟的收银台 ÷ 联系过总部的收银台",
            "tills whose oldest unsent entry is under 10 minutes ÷ tills that have called in",
        ),
        "rate",
    ),
}
"""Every figure that a screen or report shows, by its name on the wire and in reports."""


def value_of(name: str, figures: Figures) -> Value:
    """A metric of a day or a period. Raises KeyError for one that is not worked out from such figures."""
    of = METRICS[name].of
    if of is None:
        raise KeyError(name)
    return of(figures)


UNKNOWN = "—"
"""What stands where nothing was counted."""


_DECIMALS = {"rate": (1_000, 1), "money": (1, 2), "average": (1, 2), "pieces": (1, 2), "days": (10, 1)}
"""By kind: what a figure is multiplied by before it is rounded, and where the point goes; pieces are thousandths."""


def text_of(kind: str, value: Value) -> str:
    """A figure to be read, rounded half up: 25.2%, 1,234, 1,234.50, 2.10; UNKNOWN where the denominator is zero."""
    top, bottom = value
    if bottom <= 0:
        return UNKNOWN
    if kind == "count":
        return f"{top // bottom:,}"
    times, places = _DECIMALS[kind]
    if kind == "pieces":
        bottom *= 10
    scaled = (abs(top) * times * 2 + bottom) // (2 * bottom)
    whole, part = divmod(scaled, 10**places)
    return f"{'-' if top < 0 and scaled else ''}{whole:,}.{part:0{places}d}{'%' if kind == 'rate' else ''}"


def progress(joins: int, target_percent: int, usual: Usual, hours: int) -> Value | None:
    """目标进度: joins so far ÷ (the day's target joins × its usual share by now), as two numbers of which the rate is
    taken; None without a target or a past.

    target_percent: the join rate aimed at; its joins follow from the usual walk-in tickets. hours: begun since the
    cut-over.
    """
    whole, so_far = sum(usual.joins), sum(usual.joins[:hours])
    if not (target_percent and usual.walk_ins and so_far):
        return None
    return Value(joins * 100 * whole * usual.weeks, target_percent * usual.walk_ins * so_far)

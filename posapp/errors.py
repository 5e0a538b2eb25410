"""The errors people are told of, each with its sentence in Chinese and English.

Three kinds of error exist: PosError (tell the person), Cancelled (say nothing), and everything else, which is
a bug and is logged whole. A sentence says what happened and what to do.
"""

from __future__ import annotations

from posapp.hq_sentences import HQ_SENTENCES


class PosError(Exception):
    """Something to tell the person at the till or at HQ: a code of SENTENCES and the values in its sentence.

    A value that reads differently in the two languages is given as a pair (Chinese, English).
    """

    def __init__(self, code: str, /, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = values

    def sentence(self, language: str = "zh") -> str:
        place = 1 if language == "en" else 0
        values = {name: value[place] if isinstance(value, tuple) else value for name, value in self.values.items()}
        return SENTENCES[self.code][place].format(**values)

    def __str__(self) -> str:
        return f"{self.code}: {self.sentence('en')}"


class Cancelled(Exception):
    """The person changed their mind; unwind silently."""


SENTENCES: dict[str, tuple[str, str]] = {
    # at the counter
    "bad_join_code": (
        "这个入会码不是本店的,或已损坏,请重新扫码",
        "That join code is not ours, or damaged; scan again.",
    ),
    "join_code_expired": (
        "这个入会码已经失效,请扫最新小票或收银台上的码",
        "That join code works no more; scan the one on a new receipt or at the till.",
    ),
    "price_changed": (
        "价格刚刚变了,现在合计 {total},请与顾客确认后再收款",
        "The price has just changed to {total}; tell the customer, then take the money.",
    ),
    "member_unknown": (
        "未查到这位会员,可请顾客扫顾客屏上的二维码入会",
        "No such member is known; the customer can join by the code on the customer display.",
    ),
    "member_unknown_offline": (
        "断网时只能查到本店会员,本店没有查到;可以先收款,顾客扫小票领积分",
        "Offline only this store's members are known, and this is none; take the money, the receipt's code brings "
        "the points.",
    ),
    "tail_off": (
        "本店不能按后四位查会员,请输入完整手机号或扫会员码",
        "Members are not looked up by four digits here; type the whole number or scan their code.",
    ),
    "no_member": ("本单还没有会员,请先查会员", "The ticket has no member yet; look one up first."),
    "no_hint": ("现在没有提示", "There is no hint now."),
    "not_listed": ("这位会员不在今天的名单上", "That member is not on today's list."),
    "no_such_lead": ("没有这条跟进,或已处理过", "There is no such lead, or it was handled already."),
    "nobody_waits": ("没有等待接待的顾客", "Nobody is waiting to be served."),
    "text_empty": ("请写几个字", "Write a few words."),
    "text_has_number": (
        "请不要写电话或号码,用几个字说明就好",
        "Leave out phone numbers and other numbers; a few words will do.",
    ),
    "points_unworthy": ("本店积分不能抵扣", "Points pay nothing in this shop."),
    "points_short": (
        "可用积分只有 {points},请少用一些",
        "Only {points} points can be used; use fewer.",
    ),
    "points_offline": (
        "断网时这位会员最多可用 {points} 积分",
        "Offline this member can use {points} points at most.",
    ),
    "pack_needs_member": (
        "{name} 只卖给会员,请顾客扫码入会后再收款,或先删掉这一行",
        "{name} is for members; let the customer join by the code first, or void the line.",
    ),
    "once_only": ("{name} 每人一份,数量不能改", "{name} is one for each person; its quantity stays."),
    "member_on_ticket": ("本单已有会员,不需要入会码", "The ticket has its member; nobody needs a join code."),
    "pack_bought": ("{name} 每人限购一次({date} 已购)", "{name} is sold once a person (bought {date})."),
    "training_personal": (
        "培训模式不登记顾客信息",
        "Nothing is noted of customers while the till is practised on.",
    ),
    "no_such_chip": ("没有 {name} 这个偏好选项", "There is no such thing to note: {name}."),
    "no_such_purpose": ("没有 {name} 这项同意", "There is no consent called {name}."),
    "no_such_request": (
        "没有 {name} 这种申请,可用的有 {names}",
        "There is no request {name}; there are {names}.",
    ),
    "consent_needed": (
        "请顾客先勾选必选项;不同意就不入会,照常收款",
        "The customer has to tick what is needed; without it nobody joins, and the sale goes on.",
    ),
    "nothing_to_confirm": ("没有等待验证的手机号", "No phone number is waiting for its code."),
    "text_asked": (
        "这张小票的短信已经登记过,不会重复发送",
        "That text message was asked for already; it is not sent twice.",
    ),
    "text_not_paid": ("收款后才能发电子小票", "The receipt can be sent once the ticket is paid."),
    "no_ticket_to_text": ("还没有小票可以发短信", "There is no ticket yet to send a text message about."),
    "no_such_message": (
        "没有 {name} 这种短信,可用 claim 或 receipt",
        "There is no text message {name}; use claim or receipt.",
    ),
    "no_join_code": ("培训模式没有入会码", "There are no join codes while the till is practised on."),
    "unknown_code": (
        "没有找到商品 {code},请核对条码,或请总部建档",
        "No article has the code {code}; check it, or ask headquarters to add the article.",
    ),
    "ambiguous_code": (
        "{code} 同时属于 {articles},请扫商品条码或输入完整货号",
        "{code} belongs to {articles}; scan the barcode or type the full code.",
    ),
    "no_price": ("{name} 还没有价格,请联系总部定价", "{name} has no price yet; ask headquarters to price it."),
    "bad_amount": ("金额 {amount} 不正确,请输入如 12.50", "{amount} is not an amount; type one like 12.50."),
    "bad_quantity": (
        "数量 {quantity} 不正确,请输入如 3 或 0.536",
        "{quantity} is not a quantity; type one like 3 or 0.536.",
    ),
    "needs_whole": ("{name} 按{unit}卖,数量必须是整数", "{name} is sold by the {unit}; the quantity must be whole."),
    "needs_weight": (
        "{name} 按重量卖,请先称重,如 0.536*{code}",
        "{name} is sold by weight; weigh it first, as in 0.536*{code}.",
    ),
    "bad_discount": (
        "折扣 {discount} 不正确,请输入如 10% 或 5.00",
        "{discount} is not a discount; type one like 10% or 5.00.",
    ),
    "discount_too_large": ("折扣 {discount} 超过了 {amount}", "The discount {discount} is more than {amount}."),
    "no_discount_allowed": ("{name} 不参加折扣", "{name} takes no discount."),
    "no_such_line": ("没有第 {line} 行", "There is no line {line}."),
    "empty_ticket": ("还没有商品,请先扫码", "The ticket is empty; scan an article first."),
    "ticket_open": ("请先结完或取消当前单", "Finish or cancel the open ticket first."),
    "ticket_full": ("一单最多 {most} 行,请先结账再开新单", "A ticket holds {most} lines; pay it and start another."),
    "tender_begun": ("已开始收款,不能再改商品", "Payment has begun; the goods can no longer be changed."),
    "not_signed_in": ("请先登录", "Sign in first."),
    "no_shift": ("请先开班", "Open a shift first."),
    "shift_open": ("已经开班,请先交班", "A shift is already open; close it first."),
    "parked_left": ("还有 {count} 张挂单,请先取回处理", "{count} parked tickets are left; recall them first."),
    "no_staff_yet": (
        "还没有收到总部的资料,请先联网同步 (sync)",
        "Nothing has come from headquarters yet; connect and sync first.",
    ),
    "wrong_pin": ("工号或密码不对", "The clerk number or the PIN is wrong."),
    "wrong_badge": (
        "这张工牌已失效或不属于本店,请用工号和密码登录,或请总部重新制卡",
        "This badge is no longer valid here; sign in with number and PIN, or ask headquarters for a new one.",
    ),
    "pay_code_unserved": (
        "这是付款码,本收银台还没有开通扫码收款;请收现金、刷卡,或用门店收款码",
        "This is a payment code; taking it is not opened yet. Take cash, a card, or the shop's own payment code.",
    ),
    "code_unserved": (
        "这是{what},本收银台还没有开通这项功能",
        "This is {what}; this till cannot use it yet.",
    ),
    "training_ticket": (
        "请先结完或取消当前单,再进入或退出培训",
        "Finish or cancel the open ticket before training begins or ends.",
    ),
    "pin_locked": (
        "输错次数过多,请在 {seconds} 秒后再试,或由店长登录",
        "Too many wrong PINs; try again in {seconds} seconds or let a manager sign in.",
    ),
    "needs_approval": ("{action}需要店长授权", "{action} needs a manager's approval."),
    "nothing_to_approve": ("没有等待授权的操作", "Nothing is waiting for approval."),
    "no_self_approval": (
        "不能给自己授权,请换有权限的同事",
        "Nobody approves their own action; ask a colleague who may.",
    ),
    "too_much": ("{kind}不能多收,还应收 {due}", "{kind} cannot exceed what is due: {due}."),
    "too_much_cash": (
        "实收 {amount} 比应收 {due} 多太多,请核对金额",
        "{amount} is far more than the {due} due; check the amount.",
    ),
    "too_many_tenders": (
        "一单最多分 {most} 笔付款,这一笔请付清 {due}",
        "A ticket takes {most} tenders; this one must pay all of the {due} due.",
    ),
    "nothing_due": ("没有要收的款", "Nothing is due."),
    "bad_tender": ("不支持的付款方式 {kind}", "{kind} is not a way to pay here."),
    "needs_reference": (
        "请输入单据上的授权号 (4 到 20 位字母数字,不是卡号)",
        "Type the approval number of the slip: 4 to 20 letters or digits, no card number.",
    ),
    "needs_statement": (
        "请输入收款账户里这笔款的流水号 (4 到 20 位字母数字)",
        "Type the number the payment account shows for it: 4 to 20 letters or digits.",
    ),
    "nothing_to_match": (
        "小票 {receipt} 没有待核对的收款码收款",
        "Receipt {receipt} has no payment by code that waits to be matched.",
    ),
    "other_till": (
        "小票 {receipt} 是收银台 {till} 开的,请到那台收银台办理",
        "Receipt {receipt} is of till {till}; go to that till with it.",
    ),
    "other_day": (
        "小票 {receipt} 是 {date} 的,只能作废当天的小票;请按退货办理",
        "Receipt {receipt} is of {date}; only today's can be voided, so take it as a return.",
    ),
    "already_voided": (
        "小票 {receipt} 已经作废,作废凭证 {slip}",
        "Receipt {receipt} is voided already by slip {slip}.",
    ),
    "no_sale": ("{receipt} 是作废凭证,不是销售小票", "{receipt} is the slip of a void, not a sale's receipt."),
    "no_closed_shift": ("这台收银台还没有交过班", "No shift has been closed at this till yet."),
    "bad_pieces": (
        "面额 {value} 的张数 {count} 不正确,请核对面额和张数",
        "{count} of {value} is no count of notes or coins; check value and number.",
    ),
    "pieces_differ": (
        "按面额合计 {pieces},与实点金额 {counted} 不符,请核对",
        "The pieces come to {pieces}, not to the {counted} counted; check them.",
    ),
    "not_found": ("没有找到 {what}", "{what} was not found."),
    "nothing_parked": ("没有挂单", "No ticket is parked."),
    "name_taken": ("已有名为 {name} 的挂单", "A parked ticket is already called {name}."),
    "no_figure": ("没有 {name} 这个指标", "{name} is no figure."),
    "text_too_long": ("文字太长,最多 {most} 个字", "The text is too long; at most {most} characters."),
    "needs_reason": ("请写明原因", "Give a reason."),
    "scale_missing": ("没有接电子秤,请输入重量", "No scale is connected; type the weight."),
    "scale_away": (
        "电子秤{why},请检查电源和接线,或输入重量",
        "The scale {why}; check its power and cable, or type the weight.",
    ),
    "scale_unstable": ("秤未稳定,请稍候再取重量", "The scale is not stable yet; wait a moment and try again."),
    "scale_overload": ("超过秤的最大称量,请减少商品分次称", "The scale is overloaded; weigh less at a time."),
    "scale_below_zero": (
        "秤的读数低于零,请清空秤盘后按置零或去皮",
        "The scale reads below zero; empty it and set it to zero or tare it.",
    ),
    "scale_empty": ("秤上没有商品,请放上再取重量", "Nothing lies on the scale; put the goods on it and try again."),
    "disk_full": ("磁盘空间快满了,请联系技术支持", "The disk is almost full; call support."),
    # the script and the command line
    "bad_devices": (
        "设备设置 {file} 无法识别,请改正或删除它",
        "The devices in {file} cannot be read; mend or remove the file.",
    ),
    "device_name_taken": (
        "已有名为 {name} 的设备,请换一个名称",
        "A device is already called {name}; choose another name.",
    ),
    "bad_option": ("设备选项 {option} 不正确,请改正", "The device's option {option} is wrong; correct it."),
    "bad_device_name": (
        "设备名称 {name} 不正确,请用 1 到 40 个文字、数字或 - _",
        "{name} is no name for a device; use 1 to 40 letters, digits, - or _.",
    ),
    "no_display": (
        "这里没有显示屏,窗口打不开;请在桌面上启动,或改用 posapp script",
        "There is no display here to open a window on; start it on a desktop, or use posapp script.",
    ),
    "unknown_verb": ("不认识的命令 {verb}", "There is no verb {verb}."),
    "bad_usage": ("写法应为: {usage}", "Usage: {usage}."),
    "bad_line": ("这一行读不懂: 引号没有成对", "This line cannot be read: a quote is not closed."),
    "not_text": ("{file} 不是 UTF-8 文字,请另存为 UTF-8", "{file} is not UTF-8 text; save it as UTF-8."),
    "bad_instant": (
        "时间 {instant} 不正确,请写如 2026-11-22T08:30:00+08:00",
        "{instant} is not an instant; write one like 2026-11-22T08:30:00+08:00.",
    ),
    "clock_not_simulated": (
        "只有 --clock simulated 时才能设定时间",
        "The time can only be set under --clock simulated.",
    ),
    "day_to_come": ("{date} 还没有到", "{date} has not come yet."),
    "bad_date": ("日期 {date} 不正确,请写如 2026-11-22", "{date} is not a date; write one like 2026-11-22."),
    "bad_month": ("月份 {month} 不正确,请写如 2026-11", "{month} is not a month; write one like 2026-11."),
    "month_runs": (
        "{month} 还没有结束,月底过后才能结算",
        "{month} is not over; it is settled once it is.",
    ),
    "month_settled": (
        "{month} 已经结算,规则只能从之后的月份开始",
        "{month} is settled; a rule can only start in a month after it.",
    ),
    "rewards_differ": (
        "收银员 {clerk} 在门店 {store} {date} 的奖励与重算不符",
        "The rewards of clerk {clerk} in store {store} on {date} are not what a recount gives.",
    ),
    "unknown_setting": (
        "没有名为 {name} 的设置,可以设置的有 {names}",
        "There is no setting called {name}; there are {names}.",
    ),
    "bad_setting": ("设置 {name} 不能是 {value}: {help}", "The setting {name} cannot be {value}: {help}."),
    # the till's folder
    "in_use": ("{folder} 正被另一个收银程序使用", "Another till program is using {folder}."),
    "not_enrolled": (
        "这台电脑还没有注册为收银台,请运行 posapp enrol URL CODE",
        "This computer is no till yet; run posapp enrol URL CODE.",
    ),
    "already_enrolled": ("这台电脑已经是 {till}", "This computer already is {till}."),
    "keys_missing": (
        "{folder} 里没有打开数据的钥匙。数据文件夹若是移动过的,请移回原处或用 --state 指定原来的钥匙文件夹;"
        "若是复制到新电脑的,请重新注册后用 posapp restore 恢复备份",
        "{folder} holds no key to this data. Move the data folder back or name its old key folder with --state; "
        "on a new computer enrol again and restore a backup.",
    ),
    "newer_file": ("{file} 由更新版本的程序写成,请先升级", "{file} was written by a newer program; upgrade first."),
    "damaged_file": (
        "{file} 已损坏,请用备份恢复或联系技术支持",
        "{file} is damaged; restore a backup or call support.",
    ),
    "entry_broken": (
        "流水 {journal} 第 {entry} 条有问题: {why}。请停用这台收银台并联系总部",
        "Entry {entry} of journal {journal} is not as it was written: {why}. Stop this till and call headquarters.",
    ),
    "rows_differ": (
        "流水 {journal} 第 {entry} 条与表 {table} 不一致,请联系技术支持",
        "Table {table} does not follow from entry {entry} of journal {journal}; call support.",
    ),
    "unsent_left": (
        "这台收银台有 {count} 条记录既不在备份里,也还没有上传,恢复会丢掉它们;请先联网同步 (sync),再恢复",
        "{count} entries of this till are neither in the backup nor at headquarters yet and would be lost; "
        "sync first, then restore.",
    ),
    "bad_backup": ("{file} 不是本店收银台的备份", "{file} is not a backup of this till."),
    "file_exists": ("{file} 已存在,请换一个文件名", "{file} exists already; choose another name."),
    "no_such_file": ("没有文件 {file}", "There is no file {file}."),
    "cannot_write": ("无法写入 {file}", "{file} cannot be written."),
    # till and HQ
    "network_off": ("网络已关闭 (network off)", "The network is switched off (network off)."),
    "hq_unreachable": (
        "连不上总部 {url},请检查网络;联网后会自动上传",
        "Headquarters at {url} cannot be reached; check the network, everything is sent once it is back.",
    ),
    "hq_refused": ("总部拒绝了请求: {why}", "Headquarters refused the request: {why}."),
    "plain_http": (
        "{url} 不是加密连接,只有本机地址可以用 http",
        "{url} is not encrypted; plain http is for this computer only.",
    ),
    "bad_url": ("{url} 不是总部的网址", "{url} is not the address of a headquarters."),
    "bad_certificate": (
        "证书不是这个总部签发的,请核对总部的网址;若总部换过,请重新注册",
        "The certificate was not signed by this headquarters; check its address, or enrol again if it was replaced.",
    ),
    "bad_box": ("这份密封数据不是给这把钥匙的", "This sealed box was not made for this key."),
    "bad_signature": ("请求的签名不对", "The request's signature does not fit."),
    "replayed": ("这个请求已经收到过", "This request was received before."),
    "clock_skew": ("本机时间与总部相差太多", "This clock and headquarters' differ too much."),
    "revoked": ("这台收银台已被总部停用", "Headquarters has revoked this till."),
    "wrong_store": ("这不是本店的数据", "This belongs to another store."),
    "too_large": ("请求太大,最多 {most} 字节", "The request is too large; at most {most} bytes."),
    "too_many": ("请求太频繁,请 {seconds} 秒后再试", "Too many requests; try again in {seconds} seconds."),
    "bad_request": ("请求格式不对: {why}", "The request cannot be read: {why}."),
    "bad_code": ("注册码不对,请核对后重新输入", "The enrolment code is wrong; check it and type it again."),
    "expired": ("{what}已过期,请重新获取", "{what} has expired; get a new one."),
    "already_used": ("{what}已经用过", "{what} was used already."),
    **HQ_SENTENCES,
}

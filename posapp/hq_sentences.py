"""What HQ tells people who work there, its customers and those who send it events; posapp/errors.py has the rest."""

from __future__ import annotations

HQ_SENTENCES: dict[str, tuple[str, str]] = {
    # text messages
    "wrong_code": (
        "验证码不对,还可以试 {left} 次",
        "The code is wrong; {left} tries are left.",
    ),
    "code_expired": ("验证码已失效,请重新获取", "The code is no longer good; get a new one."),
    "too_many_tries": (
        "验证码输错次数过多,请重新获取验证码",
        "Too many wrong codes; get a new one.",
    ),
    "code_needed": ("请输入短信里的验证码", "Type the code from the text message."),
    "codes_not_sent": (
        "现在发不出验证码,请稍后再试,或请店员帮您入会",
        "No code can be sent at the moment; try again later, or ask the staff.",
    ),
    # the customer's pages
    "terms_needed": (
        "入会需要您同意会员服务与隐私政策;不同意也可以照常购物",
        "Joining needs your consent to membership and privacy; you can buy without it.",
    ),
    "under_age": (
        "未满 14 周岁不能注册会员;购物不受影响,请照常结账",
        "Nobody under 14 can be a member; your purchase goes on as it is.",
    ),
    "bad_birthday": ("生日不对,请选择月和日,或都不选", "That birthday is wrong; choose month and day, or neither."),
    "birthday_once": ("生日一年只能改一次", "A birthday can be changed once a year."),
    "page_stale": ("页面已过期,请再点一次", "The page was too old; press the button again."),
    "erase_unsure": (
        "请先勾选您知道会失去什么",
        "Tick first that you know what is lost.",
    ),
    "not_a_member": ("这个手机号还不是会员,请先入会", "That number is no member's yet; join first."),
    "text_suppressed": (
        "该号码已退订,未发送",
        "That number has refused our messages; nothing was sent.",
    ),
    "text_not_allowed": (
        "顾客没有同意接收营销信息,未发送",
        "The customer has not agreed to marketing messages; nothing was sent.",
    ),
    "texts_not_set": (
        "短信还没有配置好,请先运行 posapp hq texts set",
        "Text messages are not set up; run posapp hq texts set first.",
    ),
    "no_such_template": (
        "没有名为 {name} 的短信模板,可用的有 {names}",
        "There is no text template {name}; there are {names}.",
    ),
    "bad_text_url": ("{url} 不是短信服务的网址", "{url} is not the address of a text message service."),
    # HQ's own
    "hq_failed": ("总部出了故障,稍后会自动重试", "Headquarters failed; this will be tried again by itself."),
    "database_unreachable": (
        "连不上数据库 {name},请检查它是否在运行",
        "The database {name} cannot be reached; check that it is running.",
    ),
    "bad_database": (
        "--database 应写成 postgresql://用户:密码@主机/库名",
        "Write --database as postgresql://user:password@host/name.",
    ),
    "no_such_store": (
        "没有门店 {store},请先用 hq store add 添加",
        "There is no store {store}; add it with hq store add first.",
    ),
    "no_such_till": ("没有收银台 {till}", "There is no till {till}."),
    "store_full": (
        "门店 {store} 已有 {most} 台收银台,不能再加",
        "Store {store} has {most} tills already; no more can be added.",
    ),
    "bad_number": ("编号 {number} 不正确,应为 1 到 {most}", "The number {number} is wrong; it must be 1 to {most}."),
    "bad_scope": (
        "范围 {scope} 不正确,请写 chain 或门店编号",
        "The scope {scope} is wrong; write chain or a store's number.",
    ),
    "bad_role": (
        "角色 {role} 不正确,应为 cashier、lead 或 manager",
        "The role {role} is wrong; use cashier, lead or manager.",
    ),
    "bad_phone": (
        "手机号不正确,请输入 11 位手机号",
        "That is no phone number; type 11 digits, or + and the country's code.",
    ),
    "bad_pin": ("密码应为 {least} 到 12 位数字", "A PIN has {least} to 12 digits."),
    "weak_pin": ("这个密码太容易猜到,请换一个", "This PIN is too easy to guess; choose another."),
    "bad_name": (
        "名称应为 1 到 {most} 个字,不能有控制字符",
        "A name has 1 to {most} characters and no control characters.",
    ),
    "wecom_not_set": (
        "还没有设置企业微信,请先运行 posapp hq wecom set",
        "WeCom is not set up yet; run posapp hq wecom set first.",
    ),
    "wecom_refused": (
        "企业微信拒绝了请求,错误码 {errcode},请按企业微信的错误码说明处理后重试",
        "WeCom refused with its error {errcode}; look that number up at WeCom, mend it and try again.",
    ),
    "wecom_away": (
        "连不上企业微信,请检查网络后重试",
        "WeCom cannot be reached; check the network and try again.",
    ),
    "bad_wecom": (
        "企业ID、Secret 和 Token 只能由字母、数字、- 和 _ 组成,请从企业微信后台复制",
        "Corp id, secret and token have only letters, digits, - and _; copy them from WeCom's console.",
    ),
    "bad_wecom_key": (
        "EncodingAESKey 应为 43 个字符,请从企业微信后台复制",
        "The EncodingAESKey has 43 characters; copy it from WeCom's console.",
    ),
    "bad_greeting": (
        "欢迎语要有 {{link}} (入会链接的位置),最多 {most} 个字",
        "The greeting must say {{link}} where the join link goes, and have at most {most} characters.",
    ),
    "bad_userid": (
        "企业微信账号应为 1 到 64 个字母、数字或 _ - @ .",
        "A WeCom user id has 1 to 64 letters, digits, or _ - @ .",
    ),
    "userid_taken": (
        "企业微信账号 {userid} 已属于工号 {clerk},请核对",
        "The WeCom user {userid} is clerk {clerk} already; check the number.",
    ),
    "same_clerk": (
        "不能把工号 {clerk} 的客户移交给本人,请换一个工号",
        "Clerk {clerk} cannot take over their own customers; name another clerk.",
    ),
    "too_early": (
        "企业微信 {date} 的数据还没有出来,请在第二天早上 6 点以后查看",
        "WeCom has no figures for {date} yet; ask after six in the morning of the next day.",
    ),
    "port_taken": (
        "无法使用 {host}:{port},可能已被其他程序占用",
        "{host}:{port} cannot be used; another program may have it.",
    ),
    "import_format": ("{file} 不是 CSV 或 XLSX 文件,或已损坏", "{file} is no CSV or XLSX file, or it is damaged."),
    "import_encoding": (
        "{file} 的编码无法识别,请另存为 UTF-8",
        "The encoding of {file} is not known; save it as UTF-8.",
    ),
    "import_too_large": ("{file} 太大,最多 {most}", "{file} is too large; at most {most}."),
    "import_columns": (
        "{file} 里没有这些列: {columns}。请用 --mapping 指明列名",
        "{file} lacks the columns {columns}; name them with --mapping.",
    ),
    "import_mapping": (
        '{file} 应为 JSON 对照表,如 {{"code": "列名"}},可用的字段: {fields}',
        '{file} must be JSON such as {{"code": "column"}} with these fields: {fields}.',
    ),
    "picture_format": (
        "{file} 不是 PNG 或 JPEG 图片,或已损坏",
        "{file} is no PNG or JPEG picture, or it is damaged.",
    ),
    "picture_too_large": (
        "图片 {file} 太大,最多 {most},请缩小后再试",
        "The picture {file} is too large, at most {most}; make it smaller.",
    ),
    "picture_size": (
        "图片 {file} 的宽和高应为 {least} 到 {most} 像素",
        "The picture {file} must be {least} to {most} pixels wide and high.",
    ),
    "sheet_too_full": (
        "放不下这段文字,请写短一些: {text}",
        "There is no room for this text, write less: {text}",
    ),
    "bad_sheet_code": (
        "二维码内容应为 1 到 {most} 个英文字符,如 https://…",
        "The code's text must be 1 to {most} plain characters, like https://…",
    ),
    "page_imported": (
        "门店 {store} 的第 1 页是导入的,不会自动排列;要恢复自动,请导入不含第 1 页的文件",
        "Page 1 of store {store} was imported; import a file without page 1 to have it worked out again.",
    ),
    "bad_period": ("结束时间应晚于开始时间", "The end must be later than the beginning."),
    "long_period": ("一次最多看 {days} 天", "At most {days} days can be looked at together."),
    "quiet_hour": (
        "发短信的流程请安排在 {first} 点到 {last} 点:其余时间不发营销短信",
        "A flow that sends texts runs at an hour from {first} to {last}: no offers leave at other times.",
    ),
    "journal_broken": (
        "日志 {jid} 第 {seq} 条有问题: {why}。请保留数据并联系技术支持",
        "Entry {seq} of journal {jid} is wrong: {why}. Keep the data and call support.",
    ),
    "database_new": (
        "{name} 是空的,而这个总部用的是另一个数据库;请核对 --database 和 --data。确实要从空库开始,请先删除 {file}",
        "{name} is empty, but this headquarters has another database; check --database and --data. "
        "To begin with an empty one, delete {file} first.",
    ),
    "hq_keys_missing": (
        "{file} 不是这个数据库的钥匙,请放回原来的文件",
        "{file} does not hold this database's keys; put the original file back.",
    ),
    "tables_differ": (
        "{table} 与日志 {jid} 第 {seq} 条不符,请运行 posapp hq reproject",
        "{table} does not follow from entry {seq} of journal {jid}; run posapp hq reproject.",
    ),
    "figures_differ": (
        "门店 {store} {date} 的报表数字与销售记录不符: {what}",
        "The figures of store {store} on {date} do not follow from what was sold: {what}.",
    ),
    "balance_differs": (
        "会员 {member} 的积分余额与流水合计不符,请保留数据并联系技术支持",
        "The points of member {member} are not the sum of the ledger; keep the data and call support.",
    ),
    "merges_differ": (
        "会员 {member} 的归属与合并记录不符,请保留数据并联系技术支持",
        "Whose id {member} is does not follow from the merges; keep the data and call support.",
    ),
    "inward_word": (
        "「{word}」不能让顾客看到或听到,请换个说法",
        "Customers may see or hear this, so it cannot say {word}; say it another way.",
    ),
    "bad_blank": ("大括号里只能写这些: {blanks}", "Braces may only hold these: {blanks}"),
    "not_a_draft": ("{scene} 第 {version} 版不是草稿,不能再批准", "Version {version} of {scene} is no draft any more."),
    "own_script": ("话术要由另一个人批准", "Somebody else has to approve it."),
    "script_unapproved": (
        "{scene} 第 {version} 版没有批准过这段话,不能发到收银台",
        "Nobody approved these words as version {version} of {scene}; they do not go to tills.",
    ),
    "experiment_runs": ("{scene} 已有实验 {id} 在进行,请先停止", "Experiment {id} runs in {scene}; stop it first."),
    "clerk_off": ("工号 {clerk} 已停用,请换一位在职的", "Clerk {clerk} is off; name one who works here."),
    "not_your_friend": (
        "这位顾客不是您的企业微信好友,看不到会员卡",
        "This customer is no friend of yours in WeCom; their card is not shown.",
    ),
    "no_member_yet": (
        "这位顾客还不是会员,或还没有和会员账户对上;可以发入会链接",
        "This customer is no member yet, or not tied to an account; send a link to join.",
    ),
    "not_a_clerk": ("您的企业微信账号没有对应的工号", "Your WeCom account is no clerk's here."),
    "sign_in_again": ("登录已过期,请重新进入", "You are not signed in any more; open the page again."),
    "bad_key": ("密钥不正确或已停用,请向总部索取新的", "The key is wrong or taken back; ask for another."),
    "out_of_scope": ("这个密钥不能用于 {scope}", "This key may not be used for {scope}."),
    "too_many_events": ("一次最多 {most} 条,请分几次发", "At most {most} at once; send them in several requests."),
    "bad_event": (
        "{field} 缺少或不正确,见 docs/open-events.md",
        "{field} is missing or wrong; see docs/open-events.md.",
    ),
    "no_such_member": ("没有这位会员,请核对", "There is no such member; check what was typed."),
    "same_member": ("这两个编号已经是同一位会员", "The two are one member already."),
    "reward_too_large": (
        "一次入会或一次首单最多奖励 ¥{most},请核对金额",
        "¥{most} is the most for one join or one first order; check the amount.",
    ),
    "bad_id": (
        "代号 {id} 不正确,请用 1 到 20 个小写字母、数字、- 或 _",
        "{id} is no short name; use 1 to 20 small letters, digits, - or _.",
    ),
    "bad_colour": ("颜色 {colour} 不正确,请写如 #c8a030", "{colour} is no colour; write one like #c8a030."),
    "bad_count": ("{number} 不正确,应为 0 到 {most}", "{number} is wrong; it must be 0 to {most}."),
    "no_such_article": (
        "没有商品 {article},请先用 hq import products 导入",
        "There is no article {article}; import it with hq import products first.",
    ),
    "id_taken": ("代号 {id} 已经用过,请换一个", "{id} was used already; choose another."),
    "bad_choice": ("{value} 不正确,可以写 {values}", "{value} is not possible; write one of {values}."),
    "no_join_address": (
        "还没有入会网址,请先设定: posapp hq set chain join_address https://...",
        "There is no address for join codes yet; set it: posapp hq set chain join_address https://...",
    ),
    "not_to_erase": (
        "请求 {number} 不是待办的注销请求,请用 hq privacy list 核对",
        "Request {number} is no open request to erase; see hq privacy list.",
    ),
    "not_carried_out": (
        "请求 {number} 还没有执行,请先用 hq privacy erase",
        "Request {number} is not carried out; run hq privacy erase first.",
    ),
    "erase_unconfirmed": (
        "还没有注销;顾客看过上面将失去的内容并同意后,请加 --yes 再执行",
        "Nothing was erased. Once the customer has seen what is lost and agrees, run it again with --yes.",
    ),
    # at HQ's console
    "wrong_password": ("用户名或密码不对", "The name or the password is wrong."),
    "sign_in_locked": (
        "输错次数过多,请 {minutes} 分钟后再试,或请管理员重设密码",
        "Too many wrong passwords; try again in {minutes} minutes, or ask an administrator to set a new one.",
    ),
    "signed_out": ("登录已结束,请重新登录", "You are signed out; sign in again."),
    "no_right": ("您的角色不能做这件事", "Your role may not do this."),
    "bad_password": (
        "密码至少 {least} 个字符,不能与用户名相同,也不能是重复或连续的字符",
        "A password has at least {least} characters, is not the name, and no run of the same or following characters.",
    ),
    "no_such_user": ("没有用户 {name}", "There is no user {name}."),
    "needs_stores": (
        "请用 --store 写明这个角色管哪些门店",
        "Say with --store which stores this role looks after.",
    ),
}

<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="zh_CN">
<context>
    <name></name>
    <message>
        <source>程序出错了,刚才的操作没有完成;当前单据已保存,可以继续</source>
        <translation>Something went wrong and the last step was not done; the ticket is saved, please go on</translation>
    </message>
    <message>
        <source>工号,或扫工牌</source>
        <translation>Clerk number, or scan badge</translation>
    </message>
    <message>
        <source>密码</source>
        <translation>PIN</translation>
    </message>
    <message>
        <source>登录</source>
        <translation>Sign in</translation>
    </message>
    <message>
        <source>已锁屏</source>
        <translation>Locked</translation>
    </message>
    <message>
        <source>密码,或扫工牌</source>
        <translation>PIN, or scan badge</translation>
    </message>
    <message>
        <source>开班</source>
        <translation>Open shift</translation>
    </message>
    <message>
        <source>备用金</source>
        <translation>Opening float</translation>
    </message>
    <message>
        <source>退出培训</source>
        <translation>Leave training</translation>
    </message>
    <message>
        <source>培训模式</source>
        <translation>Training</translation>
    </message>
    <message>
        <source>存入现金</source>
        <translation>Cash in</translation>
    </message>
    <message>
        <source>取出现金</source>
        <translation>Cash out</translation>
    </message>
    <message>
        <source>收款码待核对</source>
        <translation>Code payments to match</translation>
    </message>
    <message>
        <source>X 报表</source>
        <translation>X report</translation>
    </message>
    <message>
        <source>现在能做什么</source>
        <translation>What works now</translation>
    </message>
    <message>
        <source>设备</source>
        <translation>Devices</translation>
    </message>
    <message>
        <source>扫码枪测试</source>
        <translation>Scanner test</translation>
    </message>
    <message>
        <source>不确定是否打出的小票</source>
        <translation>Doubtful receipts</translation>
    </message>
    <message>
        <source>小票样子</source>
        <translation>Receipt preview</translation>
    </message>
    <message>
        <source>打印键位卡</source>
        <translation>Print key card</translation>
    </message>
    <message>
        <source>{name} 已锁屏</source>
        <translation>{name}: locked</translation>
    </message>
    <message>
        <source>已锁屏,请扫工牌或输入密码</source>
        <translation>Locked: scan a badge or enter the PIN</translation>
    </message>
    <message>
        <source>串口</source>
        <translation>Serial port</translation>
    </message>
    <message>
        <source>找零出错</source>
        <translation>Wrong change given</translation>
    </message>
    <message>
        <source>收款记错方式</source>
        <translation>Wrong tender recorded</translation>
    </message>
    <message>
        <source>备用金数错</source>
        <translation>Float miscounted</translation>
    </message>
    <message>
        <source>原因不明</source>
        <translation>Unknown</translation>
    </message>
    <message>
        <source>差额原因:{reason}</source>
        <translation>Difference: {reason}</translation>
    </message>
    <message>
        <source>再打一张</source>
        <translation>Print again</translation>
    </message>
    <message>
        <source>已交班</source>
        <translation>Shift closed</translation>
    </message>
    <message>
        <source>¥{amount} 的用途</source>
        <translation>What is ¥{amount} for?</translation>
    </message>
    <message>
        <source>金额</source>
        <translation>Amount</translation>
    </message>
    <message>
        <source>已记录:{reason} ¥{amount}</source>
        <translation>Recorded: {reason} ¥{amount}</translation>
    </message>
    <message>
        <source>打印</source>
        <translation>Print</translation>
    </message>
    <message>
        <source>没有不确定的小票</source>
        <translation>No receipt is in doubt</translation>
    </message>
    <message>
        <source>没打出来,再打:{key}</source>
        <translation>Not printed, print {key}</translation>
    </message>
    <message>
        <source>已打出来:{key}</source>
        <translation>Printed: {key}</translation>
    </message>
    <message>
        <source>看看打印机,这些打出来了吗</source>
        <translation>Look at the printer: did these come out?</translation>
    </message>
    <message>
        <source>收款 / 确认</source>
        <translation>Pay / confirm</translation>
    </message>
    <message>
        <source>数量,如 6*条码 或 *6</source>
        <translation>Quantity, as 6*code or *6</translation>
    </message>
    <message>
        <source>返回</source>
        <translation>Back</translation>
    </message>
    <message>
        <source>键位卡</source>
        <translation>Key card</translation>
    </message>
    <message>
        <source>键位卡已送打印机</source>
        <translation>The key card is sent to the printer</translation>
    </message>
    <message>
        <source>已开班</source>
        <translation>Shift open</translation>
    </message>
    <message>
        <source>未开班</source>
        <translation>No shift</translation>
    </message>
    <message>
        <source>培训模式 · 不计入营业</source>
        <translation>Training · nothing here counts</translation>
    </message>
    <message>
        <source>联网</source>
        <translation>Online</translation>
    </message>
    <message>
        <source>离线销售中</source>
        <translation>Offline, selling</translation>
    </message>
    <message>
        <source>,最早 {age} 前</source>
        <translation>, oldest {age} ago</translation>
    </message>
    <message>
        <source>待上传 {count} 条</source>
        <translation>{count} unsent</translation>
    </message>
    <message>
        <source>待打印 {count} 张</source>
        <translation>{count} to print</translation>
    </message>
    <message>
        <source>挂单 {count}</source>
        <translation>{count} parked</translation>
    </message>
    <message>
        <source>打印机正常</source>
        <translation>Printer ready</translation>
    </message>
    <message>
        <source>打印机{trouble}</source>
        <translation>Printer: {trouble}</translation>
    </message>
    <message>
        <source>{count} 分钟</source>
        <translation>{count} min</translation>
    </message>
    <message>
        <source>{count} 小时</source>
        <translation>{count} h</translation>
    </message>
    <message>
        <source>{count} 天</source>
        <translation>{count} days</translation>
    </message>
    <message>
        <source>商品</source>
        <translation>Goods</translation>
    </message>
    <message>
        <source>顾客的手机</source>
        <translation>The customer’s phone</translation>
    </message>
    <message>
        <source>扫码、填表、收短信</source>
        <translation>scans, fills in, gets texts</translation>
    </message>
    <message>
        <source>拿起手机</source>
        <translation>Take it in hand</translation>
    </message>
    <message>
        <source>客人</source>
        <translation>Guests</translation>
    </message>
    <message>
        <source>称重商品(秤打出的标签)</source>
        <translation>Weighed goods (labels of the scale)</translation>
    </message>
    <message>
        <source>工牌</source>
        <translation>Badges</translation>
    </message>
    <message>
        <source>总部看板</source>
        <translation>HQ&apos;s boards</translation>
    </message>
    <message>
        <source>各店的数字</source>
        <translation>Every store</translation>
    </message>
    <message>
        <source>打开浏览器</source>
        <translation>Open browser</translation>
    </message>
    <message>
        <source>总部</source>
        <translation>Headquarters</translation>
    </message>
    <message>
        <source>其他</source>
        <translation>Other</translation>
    </message>
    <message>
        <source>上一张小票</source>
        <translation>Last receipt</translation>
    </message>
    <message>
        <source>印在纸上的退货码</source>
        <translation>code on the paper</translation>
    </message>
    <message>
        <source>顾客付款码</source>
        <translation>Customer&apos;s pay code</translation>
    </message>
    <message>
        <source>微信付款码</source>
        <translation>WeChat Pay</translation>
    </message>
    <message>
        <source>不认识的条码</source>
        <translation>Unknown barcode</translation>
    </message>
    <message>
        <source>系统里没有</source>
        <translation>not on file</translation>
    </message>
    <message>
        <source>断网</source>
        <translation>Cut line</translation>
    </message>
    <message>
        <source>缺纸</source>
        <translation>No paper</translation>
    </message>
    <message>
        <source>开盖</source>
        <translation>Open cover</translation>
    </message>
    <message>
        <source>打印机断电</source>
        <translation>Printer off</translation>
    </message>
    <message>
        <source>扫客显入会</source>
        <translation>Scan and join</translation>
    </message>
    <message>
        <source>总部看板 {url} 用户 {name} 密码 {password}</source>
        <translation>HQ&apos;s boards {url}  user {name}  password {password}</translation>
    </message>
    <message>
        <source>收银员</source>
        <translation>Cashier</translation>
    </message>
    <message>
        <source>组长</source>
        <translation>Lead</translation>
    </message>
    <message>
        <source>店长</source>
        <translation>Manager</translation>
    </message>
    <message>
        <source>总部看板的用户和密码:</source>
        <translation>Users and passwords of HQ&apos;s boards:</translation>
    </message>
    <message>
        <source>示范店的工号、姓名和密码:</source>
        <translation>Clerks of the demo shop, with their PINs:</translation>
    </message>
    <message>
        <source>积分 {points}</source>
        <translation>Points {points}</translation>
    </message>
    <message>
        <source>本月生日</source>
        <translation>Birthday month</translation>
    </message>
    <message>
        <source>会员</source>
        <translation>Member</translation>
    </message>
</context>
<context>
    <name>AddonStrip</name>
    <message>
        <source>可搭配</source>
        <translation>Goes well with it</translation>
    </message>
    <message>
        <source>搭
配</source>
        <translation>Add
on</translation>
    </message>
</context>
<context>
    <name>BlocksScreen</name>
    <message>
        <source>偏好</source>
        <translation>Likes</translation>
    </message>
    <message>
        <source>最近购买</source>
        <translation>Last orders</translation>
    </message>
    <message>
        <source>待跟进</source>
        <translation>To do</translation>
    </message>
    <message>
        <source>返回</source>
        <translation>Back</translation>
    </message>
    <message>
        <source>没有记录</source>
        <translation>Nothing noted</translation>
    </message>
    <message>
        <source>顾客没有同意个性化,不显示</source>
        <translation>Not shown: the customer did not agree to it</translation>
    </message>
    <message>
        <source>没有要跟进的</source>
        <translation>Nothing to follow up</translation>
    </message>
    <message>
        <source>顾问 {name}</source>
        <translation>Clerk {name}</translation>
    </message>
    <message>
        <source>{days}天未到店</source>
        <translation>Away {days} days</translation>
    </message>
    <message>
        <source>一年来 {count} 次</source>
        <translation>{count} visits a year</translation>
    </message>
    <message>
        <source>常在{day}来</source>
        <translation>Comes on {day}</translation>
    </message>
    <message>
        <source>预计 {date}</source>
        <translation>Expected {date}</translation>
    </message>
    <message>
        <source>{title}:{value}</source>
        <translation>{title}: {value}</translation>
    </message>
    <message>
        <source>喜欢 {goods}</source>
        <translation>Likes {goods}</translation>
    </message>
    <message>
        <source>、</source>
        <translation>, </translation>
    </message>
    <message>
        <source>顾客没有同意个性化,不显示购买偏好</source>
        <translation>Tastes are not shown: the customer did not agree to it</translation>
    </message>
</context>
<context>
    <name>BoardScreen</name>
    <message>
        <source>返回</source>
        <translation>Back</translation>
    </message>
    <message>
        <source>下一页</source>
        <translation>Next page</translation>
    </message>
    <message>
        <source>时段</source>
        <translation>Hours</translation>
    </message>
    <message>
        <source>店员</source>
        <translation>Clerks</translation>
    </message>
    <message>
        <source>渠道</source>
        <translation>Channels</translation>
    </message>
    <message>
        <source>漏斗</source>
        <translation>Funnel</translation>
    </message>
    <message>
        <source>销售</source>
        <translation>Sales</translation>
    </message>
    <message>
        <source>待办</source>
        <translation>To do</translation>
    </message>
    <message>
        <source>前一天</source>
        <translation>Day before</translation>
    </message>
    <message>
        <source>后一天</source>
        <translation>Day after</translation>
    </message>
    <message>
        <source>本机</source>
        <translation>This till</translation>
    </message>
    <message>
        <source>全店</source>
        <translation>Store</translation>
    </message>
    <message>
        <source>导出</source>
        <translation>Export</translation>
    </message>
    <message>
        <source>目标进度</source>
        <translation>Progress to target</translation>
    </message>
    <message>
        <source>周一</source>
        <translation>Mon</translation>
    </message>
    <message>
        <source>周二</source>
        <translation>Tue</translation>
    </message>
    <message>
        <source>周三</source>
        <translation>Wed</translation>
    </message>
    <message>
        <source>周四</source>
        <translation>Thu</translation>
    </message>
    <message>
        <source>周五</source>
        <translation>Fri</translation>
    </message>
    <message>
        <source>周六</source>
        <translation>Sat</translation>
    </message>
    <message>
        <source>周日</source>
        <translation>Sun</translation>
    </message>
    <message>
        <source>今日入会率</source>
        <translation>Join rate today</translation>
    </message>
    <message>
        <source>目标 {target}%</source>
        <translation>target {target}%</translation>
    </message>
    <message>
        <source>进度 {share}</source>
        <translation>progress {share}</translation>
    </message>
    <message>
        <source>暂计</source>
        <translation>Provisional</translation>
    </message>
    <message>
        <source>已收齐</source>
        <translation>Complete</translation>
    </message>
    <message>
        <source> · {count} 单迟到未计</source>
        <translation> · {count} late tickets not counted</translation>
    </message>
    <message>
        <source>已定</source>
        <translation>Final</translation>
    </message>
    <message>
        <source>已更新 {time}</source>
        <translation>Updated {time}</translation>
    </message>
    <message>
        <source>数据截至 {time}</source>
        <translation>Data up to {time}</translation>
    </message>
    <message>
        <source>未同步 {count} 笔</source>
        <translation>{count} not synced</translation>
    </message>
    <message>
        <source>总部数据还没有到</source>
        <translation>headquarters&apos; figures have not come yet</translation>
    </message>
    <message>
        <source>{till} 号台 {time} 后没有联系</source>
        <translation>till {till} silent since {time}</translation>
    </message>
    <message>
        <source>{till} 号台还没有联系过</source>
        <translation>till {till} never heard of</translation>
    </message>
    <message>
        <source>{hour} 点</source>
        <translation>{hour}:00</translation>
    </message>
    <message>
        <source>{till} 号台</source>
        <translation>till {till}</translation>
    </message>
    <message>
        <source>店内复盘</source>
        <translation>Review in the store</translation>
    </message>
    <message>
        <source>总部要求</source>
        <translation>Headquarters asked for it</translation>
    </message>
    <message>
        <source>培训</source>
        <translation>Training</translation>
    </message>
    <message>
        <source>核对数据</source>
        <translation>Checking figures</translation>
    </message>
    <message>
        <source>为什么导出(不含顾客,5 人以下的格子不显示)</source>
        <translation>Why export? (no customers; groups under 5 persons hidden)</translation>
    </message>
    <message>
        <source>已导出到 {file}</source>
        <translation>Exported to {file}</translation>
    </message>
</context>
<context>
    <name>CapabilitiesScreen</name>
    <message>
        <source>现在能做什么</source>
        <translation>What works now</translation>
    </message>
    <message>
        <source>再看一次</source>
        <translation>Look again</translation>
    </message>
    <message>
        <source>返回</source>
        <translation>Back</translation>
    </message>
    <message>
        <source>受限或不能用</source>
        <translation>Limited or not working</translation>
    </message>
    <message>
        <source>正常</source>
        <translation>Working</translation>
    </message>
    <message>
        <source>还没有开通</source>
        <translation>Not available yet</translation>
    </message>
    <message>
        <source>{off} 项不能用,{limited} 项受限</source>
        <translation>{off} not working, {limited} limited</translation>
    </message>
    <message>
        <source>都正常</source>
        <translation>Everything works</translation>
    </message>
    <message>
        <source>受限</source>
        <translation>Limited</translation>
    </message>
    <message>
        <source>不能用</source>
        <translation>Not working</translation>
    </message>
</context>
<context>
    <name>ChannelPane</name>
    <message>
        <source>入会渠道</source>
        <translation>Joins by channel</translation>
    </message>
    <message>
        <source>立牌和店员码的入会要等总部数据</source>
        <translation>Joins by stands and clerks&apos; codes come with headquarters&apos; figures</translation>
    </message>
    <message>
        <source>各渠道占店内入会的比例</source>
        <translation>Each channel&apos;s share of the joins in the store</translation>
    </message>
</context>
<context>
    <name>ClerkPane</name>
    <message>
        <source>店员入会率</source>
        <translation>Join rate by clerk</translation>
    </message>
    <message>
        <source>入会 {joins} / {tickets} 单 · 首单 {first}</source>
        <translation>{joins} of {tickets} · first orders {first}</translation>
    </message>
    <message>
        <source> · 不排名</source>
        <translation> · unranked</translation>
    </message>
    <message>
        <source>非会员交易不足 {least} 单的不参与排名</source>
        <translation>Clerks with fewer than {least} walk-in tickets are not ranked</translation>
    </message>
</context>
<context>
    <name>ClerkScreen</name>
    <message>
        <source>返回</source>
        <translation>Back</translation>
    </message>
    <message>
        <source>今天本机的入会</source>
        <translation>Today&apos;s joins at this till</translation>
    </message>
    <message>
        <source>本月明细</source>
        <translation>This month&apos;s lines</translation>
    </message>
    <message>
        <source>我的业绩 · {name}</source>
        <translation>My page · {name}</translation>
    </message>
    <message>
        <source>今天本机入会</source>
        <translation>Joins here today</translation>
    </message>
    <message>
        <source>本月有效入会</source>
        <translation>Valid joins this month</translation>
    </message>
    <message>
        <source>本月首单</source>
        <translation>First orders</translation>
    </message>
    <message>
        <source>预估奖励</source>
        <translation>Estimated reward</translation>
    </message>
    <message>
        <source>{month} · 总部算于 {time} · 预估,以月底结算为准</source>
        <translation>{month} · worked out at {time} · an estimate; the settlement at month&apos;s end counts</translation>
    </message>
    <message>
        <source>总部还没有算出本月的奖励;今天的入会先记在这里</source>
        <translation>Headquarters has not worked out this month yet; today&apos;s joins are noted here</translation>
    </message>
</context>
<context>
    <name>CountScreen</name>
    <message>
        <source>实点合计</source>
        <translation>Counted</translation>
    </message>
    <message>
        <source>交班 · 清点钱箱</source>
        <translation>Close shift · count the drawer</translation>
    </message>
    <message>
        <source>下一种</source>
        <translation>Next</translation>
    </message>
    <message>
        <source>返回</source>
        <translation>Back</translation>
    </message>
    <message>
        <source>交班</source>
        <translation>Close shift</translation>
    </message>
    <message>
        <source>{name} 有几张</source>
        <translation>How many {name}?</translation>
    </message>
    <message>
        <source>未分面额的金额</source>
        <translation>Amount not counted by piece</translation>
    </message>
    <message>
        <source>其他</source>
        <translation>Other</translation>
    </message>
    <message>
        <source>请先清点,没有现金请输入 0</source>
        <translation>Please count first; enter 0 if there is no cash</translation>
    </message>
</context>
<context>
    <name>CustomerAsk</name>
    <message>
        <source>我已满14周岁</source>
        <translation>I am 14 or older</translation>
    </message>
    <message>
        <source>手机号入会</source>
        <translation>Join with your phone number</translation>
    </message>
    <message>
        <source>只收手机号,不同意也照常结账</source>
        <translation>Your phone number only; you can pay without joining</translation>
    </message>
    <message>
        <source>好了,谢谢!</source>
        <translation>Done, thank you!</translation>
    </message>
    <message>
        <source>请顾客在客显上输入手机号并勾选</source>
        <translation>Ask the customer to type their number on their display and tick</translation>
    </message>
    <message>
        <source>短信验证码</source>
        <translation>Code by text message</translation>
    </message>
    <message>
        <source>验证码已发到您的手机,五分钟内有效</source>
        <translation>A code was sent to your phone, good for five minutes</translation>
    </message>
    <message>
        <source>请输入验证码</source>
        <translation>Type the code</translation>
    </message>
    <message>
        <source>没收到</source>
        <translation>No code</translation>
    </message>
    <message>
        <source>验证码已发到顾客手机,请顾客在客显上输入;没收到也可以继续</source>
        <translation>A code was sent to the customer&apos;s phone, to be typed on their display; without it they can go on, too</translation>
    </message>
    <message>
        <source>顾客没有填写,照常收款</source>
        <translation>The customer filled in nothing; take the money as usual</translation>
    </message>
    <message>
        <source>我的选择</source>
        <translation>My choices</translation>
    </message>
    <message>
        <source>请顾客在客显上勾选</source>
        <translation>Ask the customer to tick on their display</translation>
    </message>
    <message>
        <source>短信收电子小票</source>
        <translation>Receipt by text message</translation>
    </message>
    <message>
        <source>短信领本单积分</source>
        <translation>Points of this ticket by text message</translation>
    </message>
    <message>
        <source>只用来发这一条短信</source>
        <translation>Used for this one message only</translation>
    </message>
    <message>
        <source>好了,请留意短信</source>
        <translation>Done; a message is coming</translation>
    </message>
    <message>
        <source>已登记,联网后发出;小票照常打印</source>
        <translation>Noted; it is sent when the network is back, the receipt is printed as usual</translation>
    </message>
    <message>
        <source>已登记,短信马上发出;小票照常打印</source>
        <translation>Noted; it is sent now, the receipt is printed as usual</translation>
    </message>
    <message>
        <source>请顾客在客显上输入手机号</source>
        <translation>Ask the customer to type their number on their display</translation>
    </message>
    <message>
        <source>没有顾客屏,不能在收银员面前填手机号;请顾客扫小票上的码</source>
        <translation>There is no customer display, and nobody&apos;s number is typed here; let the customer scan the receipt&apos;s code</translation>
    </message>
</context>
<context>
    <name>CustomerDisplay</name>
    <message>
        <source>顾客屏</source>
        <translation>Customer display</translation>
    </message>
    <message>
        <source>培训模式 · 不是真实交易</source>
        <translation>Training · not a real sale</translation>
    </message>
    <message>
        <source>另有 {count} 项</source>
        <translation>{count} more</translation>
    </message>
    <message>
        <source>合计</source>
        <translation>Total</translation>
    </message>
    <message>
        <source>已优惠 {amount}</source>
        <translation>Saved {amount}</translation>
    </message>
    <message>
        <source>实收</source>
        <translation>Given</translation>
    </message>
    <message>
        <source>找零</source>
        <translation>Change</translation>
    </message>
    <message>
        <source>应付</source>
        <translation>To pay</translation>
    </message>
    <message>
        <source>谢谢惠顾</source>
        <translation>Thank you</translation>
    </message>
    <message>
        <source>已收款</source>
        <translation>Paid</translation>
    </message>
    <message>
        <source>合计 {amount}</source>
        <translation>Total {amount}</translation>
    </message>
    <message>
        <source>实收 {amount}</source>
        <translation>Given {amount}</translation>
    </message>
    <message>
        <source>欢迎光临</source>
        <translation>Welcome</translation>
    </message>
</context>
<context>
    <name>CustomerForm</name>
    <message>
        <source>清空</source>
        <translation>Clear</translation>
    </message>
    <message>
        <source>删除一位</source>
        <translation>Delete one</translation>
    </message>
    <message>
        <source>取消</source>
        <translation>Cancel</translation>
    </message>
    <message>
        <source>确认</source>
        <translation>Confirm</translation>
    </message>
    <message>
        <source>请输入 {count} 位手机号</source>
        <translation>Please type the {count} digits of your phone</translation>
    </message>
    <message>
        <source>请输入 {count} 位数字</source>
        <translation>Type {count} digits</translation>
    </message>
    <message>
        <source>请先勾选必选项</source>
        <translation>Please tick what is required</translation>
    </message>
    <message>
        <source>太久没有操作,已清空</source>
        <translation>Cleared: nobody touched it for a while</translation>
    </message>
    <message>
        <source>请输入手机号</source>
        <translation>Your phone number</translation>
    </message>
</context>
<context>
    <name>DevicesScreen</name>
    <message>
        <source>添加</source>
        <translation>Add</translation>
    </message>
    <message>
        <source>修改</source>
        <translation>Change</translation>
    </message>
    <message>
        <source>测试</source>
        <translation>Test</translation>
    </message>
    <message>
        <source>删除</source>
        <translation>Remove</translation>
    </message>
    <message>
        <source>返回</source>
        <translation>Back</translation>
    </message>
    <message>
        <source>设备</source>
        <translation>Devices</translation>
    </message>
    <message>
        <source>可选的</source>
        <translation>Choices</translation>
    </message>
    <message>
        <source>选定</source>
        <translation>Choose</translation>
    </message>
    <message>
        <source>保存</source>
        <translation>Save</translation>
    </message>
    <message>
        <source>接在这台收银机上的设备;改动保存后立即生效</source>
        <translation>Devices of this till; a change works as soon as it is saved</translation>
    </message>
    <message>
        <source>还没有设备。没有打印机也能卖货,小票可以以后重打</source>
        <translation>No devices yet. You can sell without a printer and print receipts later</translation>
    </message>
    <message>
        <source>正常</source>
        <translation>Working</translation>
    </message>
    <message>
        <source>未知</source>
        <translation>Unknown</translation>
    </message>
    <message>
        <source>有问题</source>
        <translation>Trouble</translation>
    </message>
    <message>
        <source>再按一次「删除」,{name} 就会移除</source>
        <translation>Press Remove once more to remove {name}</translation>
    </message>
    <message>
        <source>{name} 已移除</source>
        <translation>{name} is removed</translation>
    </message>
    <message>
        <source>添加哪种设备?</source>
        <translation>Which kind of device?</translation>
    </message>
    <message>
        <source>这台电脑上缺少它要的程序</source>
        <translation>A program it needs is missing on this computer</translation>
    </message>
    <message>
        <source>缺驱动</source>
        <translation>No driver</translation>
    </message>
    <message>
        <source>{kind}怎样连接?</source>
        <translation>{kind}: how is it connected?</translation>
    </message>
    <message>
        <source>点一下,或用 ↑ ↓ 和 Enter</source>
        <translation>Tap one, or use ↑ ↓ and Enter</translation>
    </message>
    <message>
        <source>在店里的名称;receipt 是收银员身边打小票、开钱箱的打印机</source>
        <translation>Name in the shop; receipt is the cashier&apos;s printer, which also opens the drawer</translation>
    </message>
    <message>
        <source>在店里的名称</source>
        <translation>Name in the shop</translation>
    </message>
    <message>
        <source>请先改正标出的地方</source>
        <translation>Please correct the marked fields first</translation>
    </message>
    <message>
        <source>{name} 已保存,已经在用</source>
        <translation>{name} is saved and in use</translation>
    </message>
    <message>
        <source>正在测试,请在秤上放一件商品……</source>
        <translation>Testing: please put something on the scale …</translation>
    </message>
    <message>
        <source>正在测试,请在 20 秒内扫一个码……</source>
        <translation>Testing: please scan a code within 20 seconds …</translation>
    </message>
    <message>
        <source>正在测试……</source>
        <translation>Testing …</translation>
    </message>
    <message>
        <source>测试没有成功: {why}。{todo}</source>
        <translation>The test failed: {why}. {todo}</translation>
    </message>
    <message>
        <source>测试页已打印;请看看汉字、两条标尺和二维码是否清楚完整</source>
        <translation>Test page printed; please check that characters, both rulers and the QR code are clear and whole</translation>
    </message>
    <message>
        <source>显示屏上应当出现过 88.88</source>
        <translation>The display should have shown 88.88</translation>
    </message>
    <message>
        <source>秤的读数是 {said}</source>
        <translation>The scale reads {said}</translation>
    </message>
    <message>
        <source>扫到了 {said}</source>
        <translation>Scanned {said}</translation>
    </message>
    <message>
        <source>测试成功</source>
        <translation>The test succeeded</translation>
    </message>
</context>
<context>
    <name>DoorScreen</name>
    <message>
        <source>清除</source>
        <translation>Clear</translation>
    </message>
    <message>
        <source>返回</source>
        <translation>Back</translation>
    </message>
    <message>
        <source>确定</source>
        <translation>OK</translation>
    </message>
</context>
<context>
    <name>EntryPane</name>
    <message>
        <source>扫码或输入条码 · 拼音 {search} · 数量 * · 更多 {more}</source>
        <translation>Scan or type · search {search} · quantity * · more {more}</translation>
    </message>
    <message>
        <source>总部还没有设置快捷商品;扫码、输入条码或拼音都可以卖</source>
        <translation>Headquarters has set no quick keys yet; scan, or type a code or a name</translation>
    </message>
    <message>
        <source>没有找到;可输入名称的拼音、首字母或条码的几位</source>
        <translation>Nothing found; type pinyin or initials of the name, or figures of the code</translation>
    </message>
    <message>
        <source>收款</source>
        <translation>Pay</translation>
    </message>
    <message>
        <source>录入</source>
        <translation>Add</translation>
    </message>
    <message>
        <source>输入</source>
        <translation>Typed</translation>
    </message>
</context>
<context>
    <name>Facing</name>
    <message>
        <source>共 {count} 件</source>
        <translation>Items: {count}</translation>
    </message>
    <message>
        <source>送:{gift}</source>
        <translation>Gift: {gift}</translation>
    </message>
    <message>
        <source>本单优惠 ¥{saved}</source>
        <translation>You save ¥{saved} on this ticket</translation>
    </message>
    <message>
        <source>本单可积 {points} 分</source>
        <translation>{points} points for this ticket</translation>
    </message>
    <message>
        <source>欢迎 {name}</source>
        <translation>Welcome {name}</translation>
    </message>
    <message>
        <source>新会员</source>
        <translation>new member</translation>
    </message>
    <message>
        <source>本单积分 +{earned}</source>
        <translation>Points +{earned}</translation>
    </message>
    <message>
        <source>积分 {points}</source>
        <translation>Points {points}</translation>
    </message>
</context>
<context>
    <name>FeedbackScreen</name>
    <message>
        <source>顾客说了什么,最多60个字,不写电话和姓名</source>
        <translation>What the customer said: 60 characters, no phone, no name</translation>
    </message>
    <message>
        <source>提交</source>
        <translation>Send</translation>
    </message>
    <message>
        <source>返回</source>
        <translation>Back</translation>
    </message>
    <message>
        <source>常用,一点就提交</source>
        <translation>Usual ones, sent by one touch</translation>
    </message>
    <message>
        <source>顾客反馈 · {category}</source>
        <translation>Feedback · {category}</translation>
    </message>
    <message>
        <source>想要的商品没有</source>
        <translation>What they want is not sold here</translation>
    </message>
    <message>
        <source>商品缺货</source>
        <translation>Out of stock</translation>
    </message>
    <message>
        <source>味道或质量不好</source>
        <translation>Taste or quality is poor</translation>
    </message>
    <message>
        <source>希望有小份装</source>
        <translation>Wants smaller packs</translation>
    </message>
    <message>
        <source>觉得贵</source>
        <translation>Too expensive</translation>
    </message>
    <message>
        <source>价签和收款不一致</source>
        <translation>Label and price differ</translation>
    </message>
    <message>
        <source>线上更便宜</source>
        <translation>Cheaper online</translation>
    </message>
    <message>
        <source>优惠看不懂</source>
        <translation>Offers are hard to understand</translation>
    </message>
    <message>
        <source>等得太久</source>
        <translation>Waited too long</translation>
    </message>
    <message>
        <source>服务很好</source>
        <translation>Good service</translation>
    </message>
    <message>
        <source>没有人招呼</source>
        <translation>Nobody served them</translation>
    </message>
    <message>
        <source>想要送货</source>
        <translation>Wants delivery</translation>
    </message>
    <message>
        <source>店里太挤</source>
        <translation>Too crowded</translation>
    </message>
    <message>
        <source>找不到商品</source>
        <translation>Goods are hard to find</translation>
    </message>
    <message>
        <source>温度不合适</source>
        <translation>Too warm or too cold</translation>
    </message>
    <message>
        <source>卫生不好</source>
        <translation>Not clean</translation>
    </message>
    <message>
        <source>希望开门更早</source>
        <translation>Open earlier</translation>
    </message>
    <message>
        <source>希望有停车位</source>
        <translation>Wants parking</translation>
    </message>
    <message>
        <source>表扬</source>
        <translation>Praise</translation>
    </message>
    <message>
        <source>投诉</source>
        <translation>Complaint</translation>
    </message>
    <message>
        <source>还可以写 {count} 个字</source>
        <translation>{count} characters left</translation>
    </message>
</context>
<context>
    <name>FigurePane</name>
    <message>
        <source>明细</source>
        <translation>What it was made of</translation>
    </message>
    <message>
        <source>返回</source>
        <translation>Back</translation>
    </message>
    <message>
        <source>本机</source>
        <translation>This till</translation>
    </message>
    <message>
        <source>全店</source>
        <translation>Store</translation>
    </message>
    <message>
        <source>{date} · {whose} · 口径第 {version} 版 · 数据时间 {made}</source>
        <translation>{date} · {whose} · formulas version {version} · data of {made}</translation>
    </message>
    <message>
        <source>看{name}</source>
        <translation>See {name}</translation>
    </message>
    <message>
        <source>还有 {count} 条没有列出</source>
        <translation>{count} more are not listed</translation>
    </message>
    <message>
        <source>这一项由总部按码统计,没有逐条清单</source>
        <translation>Headquarters counts this by codes; there is no list of single ones</translation>
    </message>
    <message>
        <source>总部暂时连不上,下面只有本机的明细</source>
        <translation>Headquarters cannot be reached; below is what this till has</translation>
    </message>
    <message>
        <source>没有明细</source>
        <translation>Nothing to list</translation>
    </message>
    <message>
        <source>无店员</source>
        <translation>no clerk</translation>
    </message>
    <message>
        <source>{till} 号台</source>
        <translation>till {till}</translation>
    </message>
    <message>
        <source>散客</source>
        <translation>Walk-in</translation>
    </message>
    <message>
        <source>新会员</source>
        <translation>New member</translation>
    </message>
</context>
<context>
    <name>Finder</name>
    <message>
        <source>找到的商品</source>
        <translation>Items found</translation>
    </message>
</context>
<context>
    <name>Form</name>
    <message>
        <source>是</source>
        <translation>Yes</translation>
    </message>
    <message>
        <source>否</source>
        <translation>No</translation>
    </message>
    <message>
        <source>请填写</source>
        <translation>Please fill in</translation>
    </message>
    <message>
        <source>请输入整数</source>
        <translation>Please enter a whole number</translation>
    </message>
    <message>
        <source>请输入数字,如 2.5</source>
        <translation>Please enter a number, such as 2.5</translation>
    </message>
    <message>
        <source>要填写的内容</source>
        <translation>Fields to fill in</translation>
    </message>
</context>
<context>
    <name>FunnelPane</name>
    <message>
        <source>漏斗</source>
        <translation>Funnel</translation>
    </message>
    <message>
        <source>展示</source>
        <translation>Shown</translation>
    </message>
    <message>
        <source>扫码</source>
        <translation>Opened</translation>
    </message>
    <message>
        <source>授权</source>
        <translation>Authorised</translation>
    </message>
    <message>
        <source>入会</source>
        <translation>Joined</translation>
    </message>
    <message>
        <source>首单</source>
        <translation>First order</translation>
    </message>
    <message>
        <source>复购</source>
        <translation>Bought again</translation>
    </message>
    <message>
        <source>扫码、授权和复购要等总部数据</source>
        <translation>Opened, authorised and bought again come with headquarters&apos; figures</translation>
    </message>
</context>
<context>
    <name>HintStrip</name>
    <message>
        <source>收起</source>
        <translation>Away</translation>
    </message>
    <message>
        <source>说:{script}</source>
        <translation>Say: {script}</translation>
    </message>
    <message>
        <source>使用</source>
        <translation>Use</translation>
    </message>
    <message>
        <source>说了</source>
        <translation>Said it</translation>
    </message>
</context>
<context>
    <name>HourPane</name>
    <message>
        <source>入会</source>
        <translation>Joined</translation>
    </message>
    <message>
        <source>上周同日入会</source>
        <translation>Same weekday last week</translation>
    </message>
    <message>
        <source>非会员交易</source>
        <translation>Walk-in tickets</translation>
    </message>
    <message>
        <source>各时段入会和非会员交易</source>
        <translation>Joins and walk-in tickets by hour</translation>
    </message>
    <message>
        <source>{hour} 点 入会 {joins},非会员交易 {tickets}</source>
        <translation>{hour}:00 {joins} joins, {tickets} walk-in tickets</translation>
    </message>
    <message>
        <source>今天</source>
        <translation>Today</translation>
    </message>
    <message>
        <source>昨天</source>
        <translation>Yesterday</translation>
    </message>
    <message>
        <source>前一天</source>
        <translation>Day before</translation>
    </message>
    <message>
        <source>上周同日</source>
        <translation>Last week</translation>
    </message>
</context>
<context>
    <name>KeyButton</name>
    <message>
        <source>删除一位</source>
        <translation>Delete one</translation>
    </message>
    <message>
        <source>数量</source>
        <translation>Quantity</translation>
    </message>
    <message>
        <source>大写</source>
        <translation>Capital</translation>
    </message>
    <message>
        <source>空格</source>
        <translation>Space</translation>
    </message>
    <message>
        <source>上一项</source>
        <translation>Previous</translation>
    </message>
    <message>
        <source>下一项</source>
        <translation>Next</translation>
    </message>
</context>
<context>
    <name>MemberCard</name>
    <message>
        <source>散客</source>
        <translation>Walk-in</translation>
    </message>
    <message>
        <source>查会员 / 帮顾客入会</source>
        <translation>Find a member / help to join</translation>
    </message>
    <message>
        <source>会员</source>
        <translation>Member</translation>
    </message>
    <message>
        <source>积分 {points}</source>
        <translation>Points {points}</translation>
    </message>
    <message>
        <source>本单 +{points}</source>
        <translation>+{points} now</translation>
    </message>
    <message>
        <source>本月生日</source>
        <translation>Birthday month</translation>
    </message>
    <message>
        <source>您的顾客</source>
        <translation>Your customer</translation>
    </message>
    <message>
        <source>顾问 {name}</source>
        <translation>Clerk {name}</translation>
    </message>
    <message>
        <source>尾号 {tail}</source>
        <translation>Phone ends in {tail}</translation>
    </message>
    <message>
        <source>{days}天未到店</source>
        <translation>Away {days} days</translation>
    </message>
    <message>
        <source>{name} 可用</source>
        <translation>{name} in use</translation>
    </message>
    <message>
        <source>{name} 还差 ¥{missing}</source>
        <translation>{name}: ¥{missing} short</translation>
    </message>
    <message>
        <source>{name} 本单不可用</source>
        <translation>{name}: not here</translation>
    </message>
    <message>
        <source>离线会员信息 (更新于 {time})</source>
        <translation>Offline data (as of {time})</translation>
    </message>
</context>
<context>
    <name>MemberDesk</name>
    <message>
        <source>手机号或后四位,或扫会员码</source>
        <translation>Phone number or its last four, or scan the code</translation>
    </message>
    <message>
        <source>可搭配的商品</source>
        <translation>Articles to suggest</translation>
    </message>
    <message>
        <source>用积分</source>
        <translation>Use points</translation>
    </message>
    <message>
        <source>隐私/退订</source>
        <translation>Privacy, opt out</translation>
    </message>
    <message>
        <source>不是这位会员</source>
        <translation>Not this member</translation>
    </message>
    <message>
        <source>换一位会员</source>
        <translation>Another member</translation>
    </message>
    <message>
        <source>顾客在客显上填写</source>
        <translation>Join on display</translation>
    </message>
    <message>
        <source>短信</source>
        <translation>Text</translation>
    </message>
    <message>
        <source>收起</source>
        <translation>Take away</translation>
    </message>
    <message>
        <source>收起客显上的表单</source>
        <translation>Take the form away</translation>
    </message>
    <message>
        <source>哪一位</source>
        <translation>Which one?</translation>
    </message>
    <message>
        <source>新会员 {name} 入会成功</source>
        <translation>New member {name} has joined</translation>
    </message>
    <message>
        <source>会员 {name} 已关联本单</source>
        <translation>Member {name} is on this ticket</translation>
    </message>
    <message>
        <source>新会员(尾号 {tail})入会成功</source>
        <translation>A new member has joined (phone ends in {tail})</translation>
    </message>
    <message>
        <source>已使用 {name}</source>
        <translation>{name} is used</translation>
    </message>
    <message>
        <source>{title}:{value}</source>
        <translation>{title}: {value}</translation>
    </message>
    <message>
        <source>不记了</source>
        <translation>Nothing noted</translation>
    </message>
    <message>
        <source>已记下 {title}:{value}</source>
        <translation>Noted {title}: {value}</translation>
    </message>
    <message>
        <source>顾客自助(客显和小票上的码)</source>
        <translation>Code for their own phone</translation>
    </message>
    <message>
        <source>{purpose}  {state}</source>
        <translation>{purpose}  {state}</translation>
    </message>
    <message>
        <source>已同意</source>
        <translation>agreed</translation>
    </message>
    <message>
        <source>未同意</source>
        <translation>not agreed</translation>
    </message>
    <message>
        <source>撤回营销</source>
        <translation>Withdraw marketing</translation>
    </message>
    <message>
        <source>同意营销(顾客勾选)</source>
        <translation>Agree to marketing</translation>
    </message>
    <message>
        <source>不要个性化</source>
        <translation>Nothing personal</translation>
    </message>
    <message>
        <source>查阅复制</source>
        <translation>See a copy</translation>
    </message>
    <message>
        <source>更正</source>
        <translation>Correct</translation>
    </message>
    <message>
        <source>注销删除</source>
        <translation>Delete account</translation>
    </message>
    <message>
        <source>已撤回,不再发优惠信息</source>
        <translation>Withdrawn; no more offers are sent</translation>
    </message>
    <message>
        <source>已登记:{request},总部会联系顾客</source>
        <translation>Noted: {request}; headquarters will see to it</translation>
    </message>
    <message>
        <source>二维码已显示在客显上</source>
        <translation>The code stands on the customer display</translation>
    </message>
    <message>
        <source>二维码已打印</source>
        <translation>The code is printed</translation>
    </message>
    <message>
        <source>没有顾客屏和打印机,请顾客用手机打开 {url}</source>
        <translation>No customer display and no printer: the customer can open {url}</translation>
    </message>
    <message>
        <source>接待码已显示在客显上,一分钟后收起</source>
        <translation>The reception code stands on the customer display for a minute</translation>
    </message>
    <message>
        <source>没有顾客屏,请用工牌上的码</source>
        <translation>There is no customer display; use the code on your badge</translation>
    </message>
    <message>
        <source>还没有小票可以发短信</source>
        <translation>There is no ticket yet to send a message about</translation>
    </message>
    <message>
        <source>发什么短信</source>
        <translation>Which message</translation>
    </message>
    <message>
        <source>电子小票</source>
        <translation>Receipt</translation>
    </message>
    <message>
        <source>领本单积分</source>
        <translation>Points of the ticket</translation>
    </message>
    <message>
        <source>短信收小票/领积分</source>
        <translation>Text: receipt or points</translation>
    </message>
    <message>
        <source>手机尾号 {tail}</source>
        <translation>phone ends in {tail}</translation>
    </message>
    <message>
        <source>用多少积分</source>
        <translation>How many points?</translation>
    </message>
</context>
<context>
    <name>PaperDesk</name>
    <message>
        <source>输入小票号 …</source>
        <translation>Enter a receipt number …</translation>
    </message>
    <message>
        <source>今天的小票</source>
        <translation>Receipts of today</translation>
    </message>
    <message>
        <source> · 已作废</source>
        <translation> · voided</translation>
    </message>
    <message>
        <source>小票号,今天的可只输入序号,如 42</source>
        <translation>Receipt number; of today&apos;s just the count, such as 42</translation>
    </message>
    <message>
        <source>再打一张</source>
        <translation>Print again</translation>
    </message>
    <message>
        <source>整单作废</source>
        <translation>Void the sale</translation>
    </message>
    <message>
        <source>已重印 {receipt}</source>
        <translation>Printed {receipt} again</translation>
    </message>
    <message>
        <source>收银操作错误</source>
        <translation>Cashier&apos;s mistake</translation>
    </message>
    <message>
        <source>顾客不要了</source>
        <translation>Customer changed mind</translation>
    </message>
    <message>
        <source>重复收款</source>
        <translation>Paid twice</translation>
    </message>
    <message>
        <source>付款方式选错</source>
        <translation>Wrong tender chosen</translation>
    </message>
    <message>
        <source>为什么作废</source>
        <translation>Why is it voided?</translation>
    </message>
    <message>
        <source>、</source>
        <translation>, </translation>
    </message>
    <message>
        <source>已作废 {receipt},请退 {back}</source>
        <translation>Voided {receipt}; please give back {back}</translation>
    </message>
    <message>
        <source>收款码待核对</source>
        <translation>Code payments to match</translation>
    </message>
    <message>
        <source>没有待核对的收款码</source>
        <translation>No code payment is left to match</translation>
    </message>
    <message>
        <source>已核对 {receipt} ¥{amount}</source>
        <translation>Matched {receipt} ¥{amount}</translation>
    </message>
    <message>
        <source>在收款账户里找到 ¥{amount} 这一笔,输入它的单号后几位</source>
        <translation>Find the payment of ¥{amount} in the account and enter the last figures of its number</translation>
    </message>
    <message>
        <source>到账单号</source>
        <translation>Payment number</translation>
    </message>
</context>
<context>
    <name>PaperWindow</name>
    <message>
        <source>打印机和钱箱</source>
        <translation>Printer and drawer</translation>
    </message>
    <message>
        <source>打印出来的纸</source>
        <translation>Printed paper</translation>
    </message>
    <message>
        <source>钱箱弹开了  {time}</source>
        <translation>Drawer opened  {time}</translation>
    </message>
    <message>
        <source>钱箱关着</source>
        <translation>Drawer closed</translation>
    </message>
</context>
<context>
    <name>PastWindow</name>
    <message>
        <source>示范店准备了多少</source>
        <translation>How far the demo shop is prepared</translation>
    </message>
    <message>
        <source>要几分钟;关上这个窗口就停止</source>
        <translation>It takes some minutes; closing this window stops it</translation>
    </message>
    <message>
        <source>正在准备示范店</source>
        <translation>Preparing the demo shop</translation>
    </message>
    <message>
        <source>两家店、三台收银台先过完四周的生意,看板上才有数字</source>
        <translation>Two stores and three tills live through four weeks first, so that the boards hold figures</translation>
    </message>
</context>
<context>
    <name>PayPane</name>
    <message>
        <source>应收</source>
        <translation>Due</translation>
    </message>
    <message>
        <source>清除</source>
        <translation>Clear</translation>
    </message>
    <message>
        <source>返回</source>
        <translation>Back</translation>
    </message>
    <message>
        <source>现金</source>
        <translation>Cash</translation>
    </message>
    <message>
        <source>实收</source>
        <translation>Given</translation>
    </message>
    <message>
        <source>收现金 ¥{due},舍入 {rounding}</source>
        <translation>Cash ¥{due}, rounded {rounding}</translation>
    </message>
    <message>
        <source>找零 ¥{change}</source>
        <translation>Change ¥{change}</translation>
    </message>
    <message>
        <source>刷卡不能多收,还应收 ¥{due}</source>
        <translation>A card cannot pay more than the ¥{due} due</translation>
    </message>
    <message>
        <source>刷卡单上的授权号</source>
        <translation>Approval code on the card slip</translation>
    </message>
    <message>
        <source>刷卡 ¥{amount}</source>
        <translation>Card ¥{amount}</translation>
    </message>
</context>
<context>
    <name>PhoneWindow</name>
    <message>
        <source>顾客的手机</source>
        <translation>The customer’s phone</translation>
    </message>
    <message>
        <source>扫客显上的码</source>
        <translation>Scan the display</translation>
    </message>
    <message>
        <source>替我填好</source>
        <translation>Fill in for me</translation>
    </message>
    <message>
        <source>卖一件东西,客显上就有码</source>
        <translation>Sell something and there is a code on the display</translation>
    </message>
    <message>
        <source>还没有短信</source>
        <translation>No text messages yet</translation>
    </message>
    <message>
        <source>短信</source>
        <translation>Text messages</translation>
    </message>
    <message>
        <source>这台电脑没有网络: 码只有本机能打开</source>
        <translation>This computer has no network: only it can open the code</translation>
    </message>
    <message>
        <source>您自己的手机连同一个 Wi-Fi 也能扫
{address}</source>
        <translation>Your own phone in this Wi-Fi can scan it
{address}</translation>
    </message>
    <message>
        <source>网页已在浏览器打开;验证码会出现在下面</source>
        <translation>The page is open in the browser; the code will arrive below</translation>
    </message>
    <message>
        <source>客显上现在没有入会码,先卖一件东西</source>
        <translation>There is no join code on the display now; sell something first</translation>
    </message>
    <message>
        <source>1/3 打开网页 ...</source>
        <translation>1/3 Opening the page ...</translation>
    </message>
    <message>
        <source>2/3 等验证码短信 ...</source>
        <translation>2/3 Waiting for the code ...</translation>
    </message>
    <message>
        <source>3/3 填好,提交 ...</source>
        <translation>3/3 Filling in ...</translation>
    </message>
    <message>
        <source>没有成功: {why}</source>
        <translation>It did not work: {why}</translation>
    </message>
    <message>
        <source>网页没有打开,或者短信没有来</source>
        <translation>the page did not open, or no text message came</translation>
    </message>
</context>
<context>
    <name>ReceiptScreen</name>
    <message>
        <source>打印样张</source>
        <translation>Print sample</translation>
    </message>
    <message>
        <source>看整张</source>
        <translation>Whole paper</translation>
    </message>
    <message>
        <source>返回</source>
        <translation>Back</translation>
    </message>
    <message>
        <source>模板由总部设定 (posapp hq set);这里显示现在用的,改动只供试看,不会保存。用 \ 换行</source>
        <translation>Headquarters sets the template (posapp hq set). What you change here is only shown and not kept. \ begins a new line</translation>
    </message>
    <message>
        <source>小票样子</source>
        <translation>Receipt preview</translation>
    </message>
    <message>
        <source>纸宽,毫米</source>
        <translation>Paper width, mm</translation>
    </message>
    <message>
        <source>样张</source>
        <translation>Sample</translation>
    </message>
</context>
<context>
    <name>SaleScreen</name>
    <message>
        <source>清除</source>
        <translation>Clear</translation>
    </message>
    <message>
        <source>返回</source>
        <translation>Back</translation>
    </message>
    <message>
        <source>确定</source>
        <translation>OK</translation>
    </message>
    <message>
        <source>下一页</source>
        <translation>Next page</translation>
    </message>
    <message>
        <source>商品</source>
        <translation>Item</translation>
    </message>
    <message>
        <source>数量</source>
        <translation>Qty</translation>
    </message>
    <message>
        <source>单价</source>
        <translation>Price</translation>
    </message>
    <message>
        <source>金额</source>
        <translation>Amount</translation>
    </message>
    <message>
        <source>单据</source>
        <translation>Ticket</translation>
    </message>
    <message>
        <source>(待入会)</source>
        <translation> (to join)</translation>
    </message>
    <message>
        <source>共 {count} 行</source>
        <translation>Lines: {count}</translation>
    </message>
    <message>
        <source>已优惠 {saved}</source>
        <translation>Saved {saved}</translation>
    </message>
    <message>
        <source>找零</source>
        <translation>Change</translation>
    </message>
    <message>
        <source>应收</source>
        <translation>Due</translation>
    </message>
    <message>
        <source>已收款</source>
        <translation>Paid</translation>
    </message>
    <message>
        <source>已收款 {total} · 小票 {receipt}</source>
        <translation>Paid {total} · receipt {receipt}</translation>
    </message>
    <message>
        <source>重量,如 0.536</source>
        <translation>Weight, such as 0.536</translation>
    </message>
    <message>
        <source>已重印 {receipt}</source>
        <translation>Printed {receipt} again</translation>
    </message>
    <message>
        <source>更多</source>
        <translation>More</translation>
    </message>
    <message>
        <source>授权人工号,或扫工牌</source>
        <translation>Approver&apos;s number, or scan badge</translation>
    </message>
    <message>
        <source>授权人密码</source>
        <translation>Approver&apos;s PIN</translation>
    </message>
</context>
<context>
    <name>SalesPane</name>
    <message>
        <source>考核 · {name}</source>
        <translation>Score · {name}</translation>
    </message>
</context>
<context>
    <name>ScanTray</name>
    <message>
        <source>扫码托盘</source>
        <translation>Scan tray</translation>
    </message>
    <message>
        <source>可以扫的卡片</source>
        <translation>Cards to scan</translation>
    </message>
</context>
<context>
    <name>ScannerScreen</name>
    <message>
        <source>扫到的码</source>
        <translation>Scanned codes</translation>
    </message>
    <message>
        <source>照此设定</source>
        <translation>Use this</translation>
    </message>
    <message>
        <source>扫码枪测试: 请扫任意条码</source>
        <translation>Scanner test: scan any barcode</translation>
    </message>
    <message>
        <source>设置</source>
        <translation>Settings</translation>
    </message>
    <message>
        <source>清空</source>
        <translation>Clear</translation>
    </message>
    <message>
        <source>返回</source>
        <translation>Back</translation>
    </message>
    <message>
        <source>用门店的</source>
        <translation>Store&apos;s own</translation>
    </message>
    <message>
        <source>保存</source>
        <translation>Save</translation>
    </message>
    <message>
        <source>这台收银机的扫码枪</source>
        <translation>The scanner of this till</translation>
    </message>
    <message>
        <source>前缀 {prefix} · 结尾 {suffix} · 间隔最多 {gap} 毫秒</source>
        <translation>Prefix {prefix} · end {suffix} · gap at most {gap} ms</translation>
    </message>
    <message>
        <source>无</source>
        <translation>none</translation>
    </message>
    <message>
        <source>刚才的码被当作打字了;把间隔放宽到 {gap} 毫秒就能认出来</source>
        <translation>The last code was taken for typing; a gap of {gap} ms would recognise it</translation>
    </message>
    <message>
        <source>回车或 Tab</source>
        <translation>Enter or Tab</translation>
    </message>
    <message>
        <source>回车</source>
        <translation>Enter</translation>
    </message>
    <message>
        <source>停顿</source>
        <translation>Pause</translation>
    </message>
    <message>
        <source>每键 {median} 毫秒,最长 {longest} 毫秒</source>
        <translation>{median} ms a key, longest {longest} ms</translation>
    </message>
    <message>
        <source>以{end}结束</source>
        <translation>end: {end}</translation>
    </message>
    <message>
        <source>去掉前缀 {prefix} · {text}</source>
        <translation>prefix {prefix} taken off · {text}</translation>
    </message>
    <message>
        <source>扫码</source>
        <translation>Scan</translation>
    </message>
    <message>
        <source>没有结束键,请在设置里把结尾改成停顿 · {text}</source>
        <translation>No key ends it; set the end to Pause · {text}</translation>
    </message>
    <message>
        <source>打字</source>
        <translation>Typing</translation>
    </message>
</context>
<context>
    <name>Sheet</name>
    <message>
        <source>纸上的内容</source>
        <translation>What is on the paper</translation>
    </message>
</context>
<context>
    <name>SlipScreen</name>
    <message>
        <source>完成</source>
        <translation>Done</translation>
    </message>
    <message>
        <source>下一页</source>
        <translation>Next page</translation>
    </message>
</context>
<context>
    <name>Slot</name>
    <message>
        <source>虚拟小票打印机 80 mm</source>
        <translation>Virtual receipt printer 80 mm</translation>
    </message>
    <message>
        <source>正常</source>
        <translation>Ready</translation>
    </message>
    <message>
        <source>缺纸</source>
        <translation>No paper</translation>
    </message>
    <message>
        <source>盖子开着</source>
        <translation>Cover open</translation>
    </message>
    <message>
        <source>没有通电</source>
        <translation>No power</translation>
    </message>
</context>
<context>
    <name>TaskDesk</name>
    <message>
        <source>今天可能到店  {arrived}/{listed} 已到</source>
        <translation>Likely visitors  {arrived} of {listed} here</translation>
    </message>
    <message>
        <source>跟进  {count} 条</source>
        <translation>Follow up  {count}</translation>
    </message>
    <message>
        <source>{count} 条过期</source>
        <translation>{count} overdue</translation>
    </message>
    <message>
        <source>顾客反馈</source>
        <translation>Feedback</translation>
    </message>
    <message>
        <source>反馈和答复</source>
        <translation>Feedback and answers</translation>
    </message>
    <message>
        <source>有人到店,开始计时</source>
        <translation>Somebody came: start the clock</translation>
    </message>
    <message>
        <source>已接待  {time}</source>
        <translation>Served  {time}</translation>
    </message>
    <message>
        <source>顾客走了 / 按错了</source>
        <translation>They left / by mistake</translation>
    </message>
    <message>
        <source>核心客户</source>
        <translation>Core customers</translation>
    </message>
    <message>
        <source>待办</source>
        <translation>To do</translation>
    </message>
    <message>
        <source>今天可能到店</source>
        <translation>Likely visitors today</translation>
    </message>
    <message>
        <source>跟进</source>
        <translation>Follow up</translation>
    </message>
    <message>
        <source>导出</source>
        <translation>Export</translation>
    </message>
    <message>
        <source>新反馈</source>
        <translation>New</translation>
    </message>
    <message>
        <source>返回</source>
        <translation>Back</translation>
    </message>
    <message>
        <source>上一页</source>
        <translation>Page before</translation>
    </message>
    <message>
        <source>下一页</source>
        <translation>Next page</translation>
    </message>
    <message>
        <source>名单 {listed} · 到店 {arrived} · 聊过 {talked} · 买了 {bought}</source>
        <translation>Listed {listed} · came {arrived} · talked {talked} · bought {bought}</translation>
    </message>
    <message>
        <source>买了</source>
        <translation>Bought</translation>
    </message>
    <message>
        <source>看了</source>
        <translation>Looked</translation>
    </message>
    <message>
        <source>没聊</source>
        <translation>No talk</translation>
    </message>
    <message>
        <source>今天的名单还没有来;总部每天开门前发来</source>
        <translation>Today&apos;s list has not come yet; headquarters sends it before opening</translation>
    </message>
    <message>
        <source>顾问 {name}</source>
        <translation>Clerk {name}</translation>
    </message>
    <message>
        <source>说:{script}</source>
        <translation>Say: {script}</translation>
    </message>
    <message>
        <source>已到店</source>
        <translation>Is here</translation>
    </message>
    <message>
        <source>{count} 条,{late} 条过期</source>
        <translation>{count}, {late} overdue</translation>
    </message>
    <message>
        <source>没有要跟进的</source>
        <translation>Nothing to follow up</translation>
    </message>
    <message>
        <source>{time} 前</source>
        <translation>by {time}</translation>
    </message>
    <message>
        <source>完成</source>
        <translation>Done</translation>
    </message>
    <message>
        <source>没联系上</source>
        <translation>Not reached</translation>
    </message>
    <message>
        <source>不需要</source>
        <translation>Declined</translation>
    </message>
    <message>
        <source>已过期</source>
        <translation>Overdue</translation>
    </message>
    <message>
        <source>已记录:{title}</source>
        <translation>Noted: {title}</translation>
    </message>
    <message>
        <source>{count} 位</source>
        <translation>{count} customers</translation>
    </message>
    <message>
        <source>总部还没有发来核心客户</source>
        <translation>Headquarters has sent no core customers yet</translation>
    </message>
    <message>
        <source>喜欢 {goods}</source>
        <translation>Likes {goods}</translation>
    </message>
    <message>
        <source>、</source>
        <translation>, </translation>
    </message>
    <message>
        <source>常在{day}来</source>
        <translation>Comes on {day}</translation>
    </message>
    <message>
        <source>上次 {date}</source>
        <translation>last {date}</translation>
    </message>
    <message>
        <source>预计 {date}</source>
        <translation>Expected {date}</translation>
    </message>
    <message>
        <source>周一</source>
        <translation>Monday</translation>
    </message>
    <message>
        <source>周二</source>
        <translation>Tuesday</translation>
    </message>
    <message>
        <source>周三</source>
        <translation>Wednesday</translation>
    </message>
    <message>
        <source>周四</source>
        <translation>Thursday</translation>
    </message>
    <message>
        <source>周五</source>
        <translation>Friday</translation>
    </message>
    <message>
        <source>周六</source>
        <translation>Saturday</translation>
    </message>
    <message>
        <source>周日</source>
        <translation>Sunday</translation>
    </message>
    <message>
        <source>周会</source>
        <translation>Weekly meeting</translation>
    </message>
    <message>
        <source>安排回访</source>
        <translation>Plan visits</translation>
    </message>
    <message>
        <source>总部要求</source>
        <translation>Headquarters asked</translation>
    </message>
    <message>
        <source>为什么导出;会记在审计里</source>
        <translation>Why is it exported? It stands in the audit</translation>
    </message>
    <message>
        <source>已导出 {count} 位:{file}</source>
        <translation>{count} exported: {file}</translation>
    </message>
    <message>
        <source>商品</source>
        <translation>Goods</translation>
    </message>
    <message>
        <source>价格</source>
        <translation>Prices</translation>
    </message>
    <message>
        <source>服务</source>
        <translation>Service</translation>
    </message>
    <message>
        <source>门店环境</source>
        <translation>The shop</translation>
    </message>
    <message>
        <source>其他</source>
        <translation>Other</translation>
    </message>
    <message>
        <source>顾客反馈什么</source>
        <translation>Feedback about what?</translation>
    </message>
    <message>
        <source>已提交,总部会答复</source>
        <translation>Sent; headquarters will answer</translation>
    </message>
    <message>
        <source>{count} 条,{open} 条待答复</source>
        <translation>{count}, {open} without an answer</translation>
    </message>
    <message>
        <source>还没有反馈</source>
        <translation>No feedback yet</translation>
    </message>
    <message>
        <source>待上传</source>
        <translation>Not sent yet</translation>
    </message>
    <message>
        <source>待答复</source>
        <translation>No answer yet</translation>
    </message>
    <message>
        <source>已答复</source>
        <translation>Answered</translation>
    </message>
    <message>
        <source>由 {name} 答复</source>
        <translation>{name} answers</translation>
    </message>
    <message>
        <source>答复:{answer}</source>
        <translation>Answer: {answer}</translation>
    </message>
    <message>
        <source>接待</source>
        <translation>Waiting</translation>
    </message>
    <message>
        <source>预约到店</source>
        <translation>Booking</translation>
    </message>
    <message>
        <source>来提货</source>
        <translation>Pick-up</translation>
    </message>
    <message>
        <source>您的顾客 {name} 到店了 · {why}</source>
        <translation>Your customer {name} is here · {why}</translation>
    </message>
    <message>
        <source>您的反馈有答复了:{text} — {answer}</source>
        <translation>Your feedback is answered: {text} — {answer}</translation>
    </message>
</context>
<context>
    <name>TickBox</name>
    <message>
        <source>必选</source>
        <translation>needed</translation>
    </message>
    <message>
        <source>可选</source>
        <translation>optional</translation>
    </message>
</context>
<context>
    <name>TicketDesk</name>
    <message>
        <source>请先录入商品</source>
        <translation>Please add an item first</translation>
    </message>
    <message>
        <source>新单价</source>
        <translation>New price</translation>
    </message>
    <message>
        <source>本行折扣,如 10% 或 5.00</source>
        <translation>Line discount, such as 10% or 5.00</translation>
    </message>
    <message>
        <source>整单折扣,如 10% 或 5.00</source>
        <translation>Ticket discount, such as 10% or 5.00</translation>
    </message>
    <message>
        <source>取哪一单</source>
        <translation>Recall which ticket?</translation>
    </message>
    <message>
        <source>{name} · {count} 行 · ¥{total}</source>
        <translation>{name} · lines: {count} · ¥{total}</translation>
    </message>
    <message>
        <source>取消这一单,共 {count} 行</source>
        <translation>Cancel this ticket, lines: {count}</translation>
    </message>
    <message>
        <source>整单取消</source>
        <translation>Cancel ticket</translation>
    </message>
    <message>
        <source>、</source>
        <translation>, </translation>
    </message>
    <message>
        <source>已取消,请退还顾客 {back}</source>
        <translation>Cancelled; give the customer back {back}</translation>
    </message>
</context>
<context>
    <name>TodoPane</name>
    <message>
        <source>待办</source>
        <translation>To do</translation>
    </message>
    <message>
        <source>没有待办</source>
        <translation>Nothing to do</translation>
    </message>
</context>
<context>
    <name>Window</name>
    <message>
        <source>接待计时</source>
        <translation>Reception clock</translation>
    </message>
</context>
</TS>

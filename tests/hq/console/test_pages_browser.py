"""Each page of the console in a real browser: what it shows, what pressing things does, and that it fits every screen.

With POSAPP_PICTURES set to a folder every page is kept there in all sizes, to be looked at.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from posapp.clock import MINUTE
from posapp.errors import SENTENCES
from posapp.hq.console.menu import PAGES
from tests.hq.console.house import NAME, NOW, PHONE
from tests.hq.console.test_rights import address
from tests.hq.console.visitor import SIZES, Visit
from tests.hq.shop import wait_until


def test_stores_stand_by_the_age_of_their_data_and_silent_ones_are_grey_not_zero(visit: Visit) -> None:
    olga = visit("olga")
    tiles = olga.page.locator(".tile.store")
    expect(tiles).to_have_count(4)
    silent = olga.page.locator(".tile.store.stale")
    expect(silent).to_have_count(2)
    expect(silent.filter(has_text="北站店")).to_contain_text("最后同步 13:52")
    never = silent.filter(has_text="新店")
    expect(never.locator(".value")).to_have_text("—")
    expect(never).to_contain_text("从未同步")
    expect(olga.page.locator(".tile.store.ageing")).to_contain_text("河滨店")
    expect(olga.page.locator(".tile.store.fresh")).to_contain_text("示范店")


def test_every_figure_says_what_it_means_and_opens_to_what_it_was_made_of(visit: Visit) -> None:
    olga = visit("olga")
    page = olga.open("/joins?span=week")
    tile = page.locator(".tile").filter(has_text="入会率").first
    shown = tile.locator(".foot").inner_text()
    tile.get_by_role("button").click()
    expect(page.locator(".q-menu")).to_contain_text("店内渠道新增入会 ÷ 非会员交易")
    expect(page.locator(".q-menu")).to_contain_text("公式版本 1")
    page.keyboard.press("Escape")
    expect(page.locator(".q-menu")).to_have_count(0)
    tile.locator(".value").click()
    expect(page.locator(".pair").filter(has_text="由多少组成")).to_contain_text(shown.split(" ÷ ")[0])
    page.locator(".ag-row").first.click()
    expect(page.locator(".title")).to_have_text("交易")
    page.locator(".ag-row").first.click()
    expect(page.locator("[data-proof]")).to_contain_text("真实")


def test_a_ticket_is_found_and_shows_its_entry_with_a_signature_that_is_checked_then(visit: Visit) -> None:
    olga = visit("olga")
    page = olga.open("/transactions")
    page.get_by_label("金额").fill("57.70")
    page.get_by_label("店员").fill("1002")
    olga.press("查找")
    expect(page.locator(".ag-row").first).to_contain_text("57.70")
    expect(page.locator(".ag-row").first).to_contain_text("1002")
    page.locator(".ag-row").first.click()
    proof = page.locator("[data-proof]")
    expect(proof).to_contain_text("真实")
    jid, seq = page.url.split("/")[-2:]
    (held,) = olga.house.rows("SELECT body FROM entry WHERE jid = ? AND seq = ?", jid, int(seq))
    expect(page.locator(".card").filter(has_text="规范 JSON")).to_contain_text(bytes(held[0]).decode()[:60])
    olga.press("下一条")
    expect(page).to_have_url(f"{olga.house.url}/entries/{jid}/{int(seq) + 1}")


def test_an_entry_that_was_altered_is_told_with_the_reason(visit: Visit) -> None:
    olga = visit("olga")
    house = olga.house
    jid, seq, body = house.rows(
        "SELECT s.jid, s.seq, e.body FROM sale s JOIN entry e USING (jid, seq) WHERE store = 3"
    )[4]
    house.write("UPDATE entry SET body = ? WHERE jid = ? AND seq = ?", bytes(body).replace(b"1280", b"1281"), jid, seq)
    try:
        page = olga.open(f"/entries/{jid}/{seq}")
        expect(page.locator("[data-proof] .bad")).to_contain_text("内容被改动")
        house.write("UPDATE entry SET signature = zeroblob(64), body = ? WHERE jid = ? AND seq = ?", body, jid, seq)
        page.reload()
        expect(page.locator("[data-proof] .bad")).to_contain_text("签名不符")
    finally:
        house.write("UPDATE entry SET body = ? WHERE jid = ? AND seq = ?", body, jid, seq)


def test_a_member_is_masked_and_seen_in_full_only_with_a_reason_by_who_keeps_privacy(visit: Visit) -> None:
    petra = visit("petra")
    page = petra.open("/members")
    page.get_by_label("手机号、会员码或卡号").fill(PHONE)
    petra.press("查找")
    expect(page.locator(".none")).to_have_text("请写明原因")
    page.get_by_label("原因").fill("客诉核实")
    petra.press("查找")
    expect(page.get_by_text("138****5678")).to_be_visible()
    assert PHONE not in page.content()
    petra.press("显示完整资料")
    petra.give_reason("顾客要求")
    expect(page.get_by_text(NAME, exact=True)).to_be_visible()
    assert PHONE not in page.url
    looks = petra.house.rows("SELECT who, what, reason FROM looked ORDER BY at")
    assert looks[-2:] == [("petra", "find", "客诉核实"), ("petra", "reveal", "顾客要求")]
    page = petra.open("/audit")
    expect(page.locator(".card").filter(has_text="查看会员")).to_contain_text("顾客要求")
    olga = visit("olga")
    page = olga.open("/members")
    page.get_by_label("手机号、会员码或卡号").fill(PHONE)
    page.get_by_label("原因").fill("客诉核实")
    olga.press("查找")
    expect(page.get_by_text("138****5678")).to_be_visible()
    expect(page.get_by_role("button", name="显示完整资料")).to_have_count(0)


def test_a_store_finds_its_own_members_alone(visit: Visit) -> None:
    anna = visit("anna")
    page = anna.open("/members")
    (other,) = anna.house.rows(
        "SELECT ref FROM person WHERE home = 2 AND ref NOT IN (SELECT ref FROM person_store WHERE store = 1) LIMIT 1"
    )
    page.get_by_label("手机号、会员码或卡号").fill(other[0])
    page.get_by_label("原因").fill("看看")
    anna.press("查找")
    expect(page.locator(".none")).to_have_text("没有这位会员,请核对")
    assert anna.house.rows("SELECT count(*) FROM looked WHERE who = 'anna'") == [(0,)]


def test_a_target_is_set_and_a_table_leaves_the_house_with_a_reason_and_without_small_groups(
    visit: Visit,
) -> None:
    berta = visit("berta")
    page = berta.open("/joins?span=week")
    page.locator(".card").filter(has_text="设目标").locator(".ag-row").filter(has_text="河滨店").click()
    page.get_by_role("dialog").get_by_label("目标").fill("31")
    page.get_by_role("dialog").get_by_label("原因").fill("新季目标")
    berta.press("保存")
    expect(page.locator(".ag-row").filter(has_text="31.0%")).to_be_visible()
    value = "SELECT value FROM setting WHERE scope = 'store:2' AND name = 'join_target'"
    wait_until(lambda: berta.house.rows(value) == [("31",)])
    noted = berta.house.rows("SELECT who, reason FROM console_audit WHERE what LIKE 'join_target 2%'")
    assert noted == [("berta", "新季目标")]
    page.locator(".card").filter(has_text="渠道").last.get_by_label("导出").click()
    with page.expect_download() as coming:
        berta.give_reason("月会")
    text = Path(coming.value.path()).read_text("utf-8-sig")
    assert text.splitlines()[0].startswith("渠道,新增入会")
    assert berta.house.rows("SELECT who, reason FROM console_audit WHERE kind = 'export'")[-1] == ("berta", "月会")


def test_a_conflict_is_looked_at_by_a_person_and_quarantine_tried_again(visit: Visit) -> None:
    olga = visit("olga")
    page = olga.open("/conflicts")
    row = page.locator(".ag-row").filter(has_text="合计与商品行不符")
    expect(row).to_have_count(1)
    row.click()
    page.get_by_label("怎么处理的").fill("已与店长核对")
    olga.press("已查看")
    expect(page.locator(".ag-row").filter(has_text="合计与商品行不符")).to_have_count(0)
    page.get_by_role("switch").click()
    expect(page.locator(".ag-row").filter(has_text="已与店长核对")).to_be_visible()
    page = olga.open("/quarantine")
    expect(page.locator(".ag-row")).to_contain_text("收银台程序比总部新")
    page.get_by_role("button", name="重新入账").click()
    olga.give_reason("总部已升级")
    wait_until(lambda: olga.house.rows("SELECT tries FROM quarantine WHERE resolved = 0") == [(2,)], 60)


def test_hooks_and_scripts_are_written_and_nobody_approves_their_own_words(visit: Visit) -> None:
    olga = visit("olga")
    page = olga.open("/hooks")
    olga.press("新文案")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("代号").fill("wed")
    dialog.get_by_label("标题 中文").fill("周三会员日")
    dialog.get_by_label("标题 English").fill("Member Wednesday")
    olga.press("保存")
    expect(page.locator(".ag-row").filter(has_text="周三会员日")).to_be_visible()
    page = olga.open("/scripts")
    olga.press("新草稿")
    page.get_by_role("dialog").get_by_label("提示").fill("{days}天没来了/Away {days} days")
    olga.press("保存")
    row = page.locator(".ag-row").filter(has_text="草稿")
    row.click()
    olga.press("批准")
    expect(page.locator(".q-notification")).to_contain_text(SENTENCES["own_script"][0])


def test_feedback_is_answered_a_lead_closed_and_a_flow_previewed_and_held_up(visit: Visit) -> None:
    olga = visit("olga")
    page = olga.open("/feedback")
    page.locator(".ag-row").filter(has_text="排队有点久").click()
    page.get_by_label("给门店的答复").fill("周末加开一个收银台")
    olga.press("保存")
    expect(page.locator(".ag-row").filter(has_text="已答复")).to_contain_text("周末加开一个收银台")
    page = olga.open("/leads")
    page.locator(".ag-row").filter(has_text="预留山茶花面霜").click()
    olga.give_reason("已售罄")
    expect(page.locator(".ag-row").filter(has_text="总部关闭")).to_be_visible()
    page = olga.open("/flows")
    page.locator(".ag-row").filter(has_text="沉睡唤醒").click()
    olga.press("预览")
    expect(page.get_by_role("dialog")).to_contain_text("会触达")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    olga.press("暂停")
    expect(page.get_by_role("button", name="继续")).to_be_visible()
    assert olga.house.rows("SELECT state FROM flow WHERE id = 'wake'") == [("paused",)]


def test_users_are_made_by_an_administrator_and_a_wrong_password_is_told(visit: Visit) -> None:
    root = visit("root")
    page = root.open("/users")
    root.press("新用户")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("用户名").fill("nina")
    dialog.get_by_label("门店").fill("1")
    dialog.get_by_label("新密码").fill("short")
    root.press("保存")
    expect(page.locator(".q-notification")).to_contain_text("密码至少")
    dialog.get_by_label("新密码").fill("a long new password")
    root.press("保存")
    expect(page.locator(".ag-row").filter(has_text="nina")).to_be_visible()


def test_language_and_darkness_are_chosen_and_kept_and_leaving_leaves(visit: Visit) -> None:
    nina = visit("berta")
    page = nina.open("/")
    page.get_by_label("我", exact=True).click()
    page.get_by_role("button", name="English").click()
    expect(page.locator(".title")).to_have_text("Stores")
    page.get_by_label("Me", exact=True).click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("body.body--dark")).to_be_visible()
    page.get_by_label("Me", exact=True).click()
    page.get_by_role("button", name="中文").click()
    expect(page.locator(".title")).to_have_text("门店")
    page.get_by_label("我", exact=True).click()
    page.get_by_role("button", name="退出").click()
    expect(page.locator("h1")).to_have_text("总部")
    page.goto(nina.house.url + "/transactions")
    expect(page.locator("h1")).to_have_text("总部")


def test_who_was_idle_for_long_sees_nothing_more(visit: Visit) -> None:
    anna = visit("anna")
    page = anna.open("/transactions")
    anna.house.write("UPDATE console_session SET seen = ? WHERE user = 'anna'", NOW - 31 * MINUTE)
    anna.press("查找")
    expect(page.locator("h1")).to_have_text("总部")


ROLE_OF = {"olga": "operations", "petra": "privacy", "root": "admin"}


@pytest.mark.parametrize("name", ROLE_OF)
def test_every_page_fits_a_phone_a_laptop_and_a_wall(visit: Visit, name: str) -> None:
    """The page itself never scrolls sideways; tables do so inside themselves. Each page is looked at by the first of
    them who may."""
    one, folder = visit(name), os.environ.get("POSAPP_PICTURES")
    mine = [page for page in PAGES if next(who for who, role in ROLE_OF.items() if role in page.roles) == name]
    assert mine
    for page in mine:
        shown = one.open(address(page.path, one.house))
        for size, viewport in SIZES.items():
            shown.set_viewport_size(viewport)
            expect(shown.locator(".title")).to_have_text(page.name[0])
            assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth"), (page.path, size)
            if folder:
                shown.wait_for_timeout(600)
                file = page.path.strip("/").replace("/", "-").replace("{", "").replace("}", "") or "stores"
                shown.screenshot(path=str(Path(folder) / f"{file}-{size}.png"))
        shown.set_viewport_size(SIZES["laptop"])

"""The printed card of keys: every key stands at the right edge of its action, on both papers."""

from __future__ import annotations

import pytest

from drivers.contracts import lines
from posapp.setup.key_card import key_card


@pytest.mark.parametrize("columns", [32, 48])
def test_every_key_stands_beside_what_it_does(columns: int) -> None:
    keys = [("", "商品"), ("Enter", "收款"), ("Del", "删行"), ("*", "数量,先按 * 再输入个数,或 6* 之后扫码,都可以")]
    told = lines(key_card("按键卡", keys), columns)
    assert "【商品】" in told
    for key, action in keys[1:]:
        assert any(line.endswith(f" {key}") for line in told), action
    assert all(action in "".join(told).replace("\n", "") for _, action in keys[:3])

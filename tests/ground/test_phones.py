"""Phone numbers are read as people type them, and compared in one form."""

from __future__ import annotations

import pytest

from posapp.errors import PosError
from posapp.rules.phones import holds_phone, masked, read_phone


@pytest.mark.parametrize(
    "typed", ["13812345678", "138 1234 5678", "+86 138-1234-5678", "0086 13812345678", "１３８12345678"]
)
def test_one_number_has_one_form(typed: str) -> None:
    assert read_phone(typed) == "+8613812345678"


def test_a_number_from_abroad_keeps_its_country() -> None:
    assert read_phone("+852 9123 4567") == "+85291234567"


@pytest.mark.parametrize("typed", ["", "1381234567", "138123456789", "12012345678", "abc", "+86123", "+", "٣" * 11])
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(PosError, match="bad_phone"):
        read_phone(typed)


@pytest.mark.parametrize(
    "text",
    [
        "13800000001",
        "order13800000001x",
        "8613800000001-1",
        "+8613800000001/3",
        "0086 138 0000 0001",
        "013800000001",
        "138-0000-0001",
        "138_0000.0001",
        "(138)0000*0001",
        "1-3-8-0-0-0-0-0-0-0-1-20261122",
        "20261122-13800000001-7",
        "１３８０００００００１",
        "١٣٨٠٠٠٠٠٠٠١",
        "①③⑧ 0000 0001",
        "138\u200b0000\u200b0001",
        "打13800000001张三",
    ],
)
def test_a_phone_is_read_whatever_stands_between_its_digits(text: str) -> None:
    assert holds_phone(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20261122138000000015",
        "1764468900123",
        "138000000011",
        "12800000001",
        "1380000000",
        "br-20261122-0001",
        "138a0000b0001",
        "138张0000李0001",
        "2026-11-22T15:10:00.123+08:00",
        "0193a5f0-1380-7138-8000-00000001abcd",
    ],
)
def test_a_longer_number_is_nobodys_phone(text: str) -> None:
    assert not holds_phone(text)


def test_a_masked_number_shows_its_ends() -> None:
    assert masked("+8613812345678") == "138****5678"

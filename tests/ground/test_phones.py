"""Phone numbers are read as people type them, and compared in one form."""

from __future__ import annotations

import pytest

from posapp.errors import PosError
from posapp.rules.phones import masked, read_phone


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


def test_a_masked_number_shows_its_ends() -> None:
    assert masked("+8613812345678") == "138****5678"

"""A till's own scanner settings, and what is told of a scan."""

from __future__ import annotations

from pathlib import Path

import pytest

from posapp.errors import PosError
from posapp.rules.labels import parse_labels
from posapp.settings import Settings
from posapp.setup.scanner import SCANNER_FILE, Scanner, gap_for, in_force, keep, kind_of, pace, spelt

STORE = Settings({"scanner_prefix": "~", "scanner_gap_ms": "50"})


def test_a_tills_own_settings_stand_before_the_stores(tmp_path: Path) -> None:
    assert in_force(tmp_path, STORE) == Scanner("~", "either", 50)
    own = Scanner("]C1", "none", 90)
    keep(tmp_path, own)
    assert in_force(tmp_path, STORE) == own
    keep(tmp_path, None)
    assert in_force(tmp_path, STORE) == Scanner("~", "either", 50)


@pytest.mark.parametrize("wrong", [Scanner("扫"), Scanner("123456789"), Scanner("", "f9"), Scanner("", "tab", 5)])
def test_settings_that_cannot_be_are_refused_and_change_nothing(tmp_path: Path, wrong: Scanner) -> None:
    keep(tmp_path, Scanner("#"))
    with pytest.raises(PosError, match="bad_setting"):
        keep(tmp_path, wrong)
    assert in_force(tmp_path, STORE) == Scanner("#")


@pytest.mark.parametrize("held", [b"", b"{", b'{"gap_ms":"fast"}', b'{"suffix":"f9"}', b"\xff"])
def test_a_damaged_file_leaves_the_stores_settings(tmp_path: Path, held: bytes) -> None:
    (tmp_path / SCANNER_FILE).write_bytes(held)
    assert in_force(tmp_path, STORE) == Scanner("~", "either", 50)


def test_what_cannot_be_seen_is_spelt_out() -> None:
    assert spelt("01\x1d 2\u200b1\r") == "01<GS>␣2<U+200B>1<Enter>"
    assert spelt("ＡB") == "ＡB"


def test_times_are_told_and_a_setting_follows_from_them() -> None:
    assert pace([]) is None
    assert pace([4, 5, 30.2]) == (5, 31)
    assert (gap_for(5), gap_for(60), gap_for(190)) == (20, 90, 200)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("6901234567892", "EAN-13 article code"),
        ("6901234567893", "13 digits with a wrong check digit"),
        ("96385074", "EAN-8 article code"),
        ("036000291452", "UPC-A article code"),
        ("2200301005362", "a label of the store's scales"),
        ("134567890123456789", "a payment code"),
        ("281234567890123456", "a payment code"),
        ("https://hq.example.com/j/1", "a join code"),
        ("https://hq.example.com/menu", "QR code of a web address"),
        ("K1" + "A" * 26, "a clerk's badge"),
        ("S001T01-A-000042-7K", "a receipt number"),
        ("]d20106900000000011", "GS1 code (with batch, date and the like)"),
        ("00402", "5 digits"),
        ("６９００", "full-width characters: switch the input method off"),
        ("LOT-7", "text, 5 characters"),
    ],
)
def test_a_code_is_told_by_what_it_looks_like(code: str, kind: str) -> None:
    chinese, english = kind_of(code, parse_labels("weight 22PPPPPNNDDDC"))
    assert english == kind
    assert chinese != english

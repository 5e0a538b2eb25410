"""The demo as a newcomer starts it: a shop is set up, a morning is played, HQ has every sale."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "resources" / "demo" / "day.script"


def demo(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "posapp", "demo", "--script", str(SCRIPT), "--data", str(folder), *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def test_the_demo_ends_with_the_same_sales_on_both_sides_and_can_be_played_again(tmp_path: Path) -> None:
    first = demo(tmp_path)
    assert first.returncode == 0, first.stderr
    assert "总部收到: 13 笔,合计 635.21" in first.stdout
    assert "两边一致" in first.stdout
    assert "法式牛角包" in first.stdout
    assert "会员 方** 普通会员 积分 960" in first.stdout
    assert "积分抵扣后应收 24.30" in first.stdout
    assert "新人入会包 只卖给会员" in first.stdout
    again = demo(tmp_path, "--language", "en")
    assert again.returncode == 0, again.stderr
    assert "Headquarters has: 26 sales, 1270.42" in again.stdout
    assert "Both agree" in again.stdout


def test_without_a_display_the_demo_says_how_to_see_it_and_plays_a_day(tmp_path: Path) -> None:
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    told = subprocess.run(
        [sys.executable, "-m", "posapp", "demo", "--data", str(tmp_path)],
        env={name: value for name, value in os.environ.items() if name not in screens},
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert "docs/remote-screen.md" in told.stdout.splitlines()[0]
    assert (ROOT / "docs" / "remote-screen.md").exists()
    assert "两边一致" in told.stdout

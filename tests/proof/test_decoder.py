"""What we tell printers, read back by somebody else's interpreter of ESC/POS: npos 0.1.19 (npm, MIT).

Needs Node.js and npm; without them the proof fails and says so.
"""

from __future__ import annotations

import base64
import shutil
import subprocess
import unicodedata
from collections.abc import Callable

import msgspec
import pytest
import zxingcpp
from PIL import Image

from drivers.contracts import Cut, Document, Pair, Qr, Rule, Text, lines
from drivers.printers.escpos import Options, pieces
from drivers.printers.paper import draw

pytestmark = pytest.mark.proof

_READER = """
const npos = require('npos'), fs = require('fs');
npos.parser().parse(fs.readFileSync(process.argv[2])).then(ast => {
  if (ast.error) throw ast.error;
  console.log(JSON.stringify(ast.entries.map(e => e.type === 'raster'
    ? {type: e.type, width: e.data._width, height: e.data._height, data: e.data._data.toString('base64')}
    : {type: e.type, width: 0, height: 0, data: Buffer.from(e.data).toString('base64')})));
});
"""

HOSTILE = "店长特惠\x1b@\x10\x14\x01\x00\x05\x1dV\x00\x1bp\x00\u202e反\u202c"
LONG = "北海道风味低温慢煮海盐芝士半熟蛋糕六枚家庭分享装加量不加价" * 3
RECEIPT: Document = (
    Text("柳塘店", "centre", is_bold=True, size=2),
    Rule(),
    Text(HOSTILE),
    Pair("  1个 x 6.50", "6.50"),
    Text(LONG),
    Pair("  12个 x 1,290.00", "15480.00"),
    Text("直骨返令 龘 ￥ “引号” emoji 🙂 é 한글"),
    Pair("合计", "15486.50", is_bold=True, size=2),
    Qr("S001T01-A-000042-7K"),
    Cut(),
)


class Entry(msgspec.Struct):
    """raster: eight bits a dot, 0xff where there is no ink. text: the bytes between the commands."""

    type: str
    width: int
    height: int
    data: str

    @property
    def raw(self) -> bytes:
        return base64.b64decode(self.data)


Read = Callable[[bytes], list[Entry]]


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    folder = tmp_path_factory.mktemp("npos")
    node, npm = shutil.which("node"), shutil.which("npm")
    assert node, "Node.js is needed for this proof"
    assert npm, "npm is needed for this proof"
    subprocess.run([npm, "install", "--ignore-scripts", "--no-fund", "npos@0.1.19"], cwd=folder, check=True)
    (folder / "read.js").write_text(_READER)

    def by_npos(job: bytes) -> list[Entry]:
        (folder / "job.bin").write_bytes(job)
        told = subprocess.run([node, "read.js", "job.bin"], cwd=folder, check=True, capture_output=True).stdout
        return msgspec.json.decode(told, type=list[Entry])

    return by_npos


def picture(entry: Entry) -> Image.Image:
    return Image.frombytes("L", (entry.width, entry.height), entry.raw)


@pytest.mark.parametrize("paper", [58, 80])
def test_the_raster_is_the_picture_dot_by_dot_and_its_code_is_read(read: Read, paper: int) -> None:
    options = Options(paper=paper, mode="raster")  # type: ignore[arg-type]
    (entry,) = read(b"".join(pieces(RECEIPT, options)))
    expected = draw(RECEIPT[:-1], options.dots)
    shown = picture(entry)
    assert shown.size == expected.size
    paper_white = max(shown.getextrema())
    dots = zip(shown.tobytes(), expected.convert("L").tobytes(), strict=True)
    odd = [place for place, (told, drawn) in enumerate(dots) if (told == paper_white) != (drawn == 255)]
    # Two bytes that a printer would obey wherever they stand get one dot more: 0x10 becomes 0x18.
    assert all(place % 8 == 4 and shown.tobytes()[place] != paper_white for place in odd)
    assert len(odd) < 40
    assert [code.text for code in zxingcpp.read_barcodes(shown.point(lambda value: 255 if value else 0))] == [
        "S001T01-A-000042-7K"
    ]


@pytest.mark.parametrize("paper", [58, 80])
def test_text_mode_holds_our_lines_and_no_command_of_a_name(read: Read, paper: int) -> None:
    options = Options(paper=paper, mode="text", codes="picture")  # type: ignore[arg-type]
    entries = read(b"".join(pieces(RECEIPT, options)))
    assert [entry.type for entry in entries] == ["text", "raster"]
    told = entries[0].raw.decode("gb18030").splitlines()
    wanted = lines(RECEIPT, options.dots // 12)
    assert [_plain(line) for line in told if line.strip()][2:-1] == [_plain(line) for line in wanted][2:-1]
    assert not any(unicodedata.category(letter) == "Cc" for line in told for letter in line)
    assert any("店长特惠" in line for line in told)


def _plain(line: str) -> str:
    """Without what a printer's own font has no letter for."""
    spelt = "".join(letter if len(letter.encode("gb18030")) <= 2 else "?" for letter in line)
    return unicodedata.normalize("NFKD", spelt).encode("gb18030", "replace").decode("gb18030").replace("〓", "?")

"""Reading the files other systems export: CSV in any encoding they use, and XLSX (its first sheet); every cell as text.

Nothing is guessed from how a value looks: leading zeros and long numbers survive. A cell that a spreadsheet holds as
a number comes as the text of that number and says so (Numeric), because leading zeros may have been lost before.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
import unicodedata
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree.ElementTree import ParseError

from posapp.errors import PosError
from posapp.hq.remarks import Refused, Report, Words

LARGEST_FILE = 64 << 20
LARGEST_CONTENT = 256 << 20
MOST_ROWS = 200_000
MOST_COLUMNS = 500
LONGEST_CELL = 4_000

# A title or a date often stands above the column names.
_LOOK_FOR_NAMES = 20
_ENCODINGS = ("utf-8-sig", "gb18030")


class Numeric(str):
    """The text of a cell that the spreadsheet holds as a number."""

    __slots__ = ()


class Row(NamedTuple):
    """One row: its number as a spreadsheet shows it, and its cells by our own field names."""

    number: int
    cells: dict[str, str]


Names = Mapping[str, Sequence[str]]
"""For each of our fields the column names it goes by, the best first."""


def read_rows(path: Path, names: Names, required: Sequence[str], mapping: Path | None) -> Iterator[Row]:
    """The rows of a file below its column names. Columns nobody asked for are passed over; empty rows too.

    Raises PosError no_such_file, import_format, import_encoding, import_too_large, import_columns, import_mapping.
    """
    wanted = _read_mapping(mapping, names) if mapping else names
    rows = enumerate(_raw_rows(path), 1)
    places: dict[str, int] | None = None
    for number, cells in rows:
        found = _places(cells, wanted)
        if all(any(field in found for field in one.split("|")) for one in required):
            places = found
            break
        if number >= _LOOK_FOR_NAMES:
            break
    if places is None or (mapping and len(places) < len(wanted)):
        missing = [wanted[one.partition("|")[0]][0] for one in required if not mapping]
        raise PosError("import_columns", file=path.name, columns=", ".join(missing or _absent(wanted, places)))
    for number, cells in rows:
        if any(cell.strip() for cell in cells):
            yield Row(number, {field: cells[at] if at < len(cells) else "" for field, at in places.items()})


def take_each(
    report: Report,
    rows: Iterable[Row],
    read: Callable[[Row], dict[str, Any]],
    unique: Sequence[str],
    remarks: Mapping[str, Words],
    code: Callable[[Row], str],
) -> list[dict[str, Any]]:
    """The rows that can be taken, as read. The report names the others by their code, too those in whose unique fields
    a row before them stands; read raises Refused."""
    seen: dict[tuple[Any, ...], int] = {}
    taken = []
    for row in rows:
        report.rows += 1
        try:
            one = read(row)
            if (first := seen.setdefault(tuple(one[name] for name in unique), row.number)) != row.number:
                raise Refused("duplicate", row=first)
        except Refused as refused:
            report.refuse(row.number, code(row), refused, remarks)
        else:
            taken.append(one)
    report.taken = len(taken)
    return taken


def _absent(wanted: Names, places: Mapping[str, int] | None) -> list[str]:
    return [columns[0] for field, columns in wanted.items() if field not in (places or {})]


def _read_mapping(path: Path, names: Names) -> Names:
    try:
        read = json.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        raise PosError("no_such_file", file=str(path)) from None
    except (OSError, ValueError, RecursionError):
        raise PosError("import_mapping", file=path.name, fields=", ".join(names)) from None
    if not isinstance(read, dict) or not read or not all(isinstance(column, str) for column in read.values()):
        raise PosError("import_mapping", file=path.name, fields=", ".join(names))
    if set(read) - set(names):
        raise PosError("import_mapping", file=path.name, fields=", ".join(names))
    return {field: [column] for field, column in read.items()}


def _places(cells: Sequence[str], wanted: Names) -> dict[str, int]:
    """Which column holds which field; a field takes the best of its names, a column serves one field."""
    columns: dict[str, int] = {}
    for at, cell in enumerate(cells[:MOST_COLUMNS]):
        columns.setdefault(_plain_name(cell), at)
    columns.pop("", None)
    places: dict[str, int] = {}
    for field, choices in wanted.items():
        for choice in choices:
            at = columns.get(_plain_name(choice), -1)
            if at >= 0 and at not in places.values():
                places[field] = at
                break
    return places


def _plain_name(text: str) -> str:
    """A column's name without width, case, blanks and a unit in brackets: "零售价（元）" is 零售价."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = text.partition("(")[0] or text
    return "".join(letter for letter in text if letter.isalnum())


# --- files ---


def _raw_rows(path: Path) -> Iterator[list[str]]:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise PosError("import_too_large", file=path.name, most=f"{LARGEST_FILE >> 20} MB")
        raw = path.read_bytes()
    except FileNotFoundError:
        raise PosError("no_such_file", file=str(path)) from None
    except OSError:
        raise PosError("import_format", file=path.name) from None
    if raw[:2] == b"\x1f\x8b":
        raw = _unzip(raw, path.name)
    if raw[:4] == b"PK\x03\x04":
        rows: Iterable[list[str]] = _xlsx(raw, path.name)
    elif raw[:4] == b"\xd0\xcf\x11\xe0":
        # The old .xls: no library of ours reads it.
        raise PosError("import_format", file=path.name)
    else:
        rows = _csv(raw, path.name)
    for number, cells in enumerate(rows, 1):
        if number > MOST_ROWS:
            raise PosError("import_too_large", file=path.name, most=f"{MOST_ROWS} rows")
        if any(len(cell) > LONGEST_CELL for cell in cells[:MOST_COLUMNS]):
            cells = [cell[: LONGEST_CELL + 1] for cell in cells[:MOST_COLUMNS]]
        yield cells[:MOST_COLUMNS]


def _unzip(raw: bytes, name: str) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as file:
            content = file.read(LARGEST_CONTENT + 1)
    except (OSError, EOFError, zlib.error):
        raise PosError("import_format", file=name) from None
    if len(content) > LARGEST_CONTENT:
        raise PosError("import_too_large", file=name, most=f"{LARGEST_CONTENT >> 20} MB")
    return content


def _csv(raw: bytes, name: str) -> Iterator[list[str]]:
    text = _text(raw, name)
    first = text[:4_000].splitlines()[:1] or [""]
    delimiter = max(",\t;", key=first[0].count)
    csv.field_size_limit(LARGEST_CONTENT)
    try:
        # csv takes NUL as any other character; the fields' own checks refuse it.
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error:
        raise PosError("import_format", file=name) from None


def _text(raw: bytes, name: str) -> str:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = _ENCODINGS
    for encoding in encodings:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise PosError("import_encoding", file=name)


def _xlsx(raw: bytes, name: str) -> Iterator[list[str]]:
    _check_archive(raw, name)
    import openpyxl

    # It warns of decoration it does not read, on the terminal of whoever imports.
    warnings.filterwarnings("ignore", module="openpyxl")
    try:
        book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
        try:
            sheet = book.worksheets[0]
            # The size a sheet claims is often wrong and sometimes a trap; only what is there is read.
            sheet.reset_dimensions()
            for cells in sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS):
                yield [_cell(value) for value in cells]
        finally:
            book.close()
    except PosError:
        raise
    except (OSError, KeyError, ValueError, TypeError, IndexError, AttributeError, zipfile.BadZipFile, ParseError):
        raise PosError("import_format", file=name) from None
    except (zlib.error, EOFError, MemoryError, RecursionError, NotImplementedError):
        raise PosError("import_format", file=name) from None


def _check_archive(raw: bytes, name: str) -> None:
    """An XLSX is a ZIP of XML: refuse one that unpacks beyond all measure or declares entities of its own."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = archive.infolist()
            if len(parts) > 10_000 or sum(part.file_size for part in parts) > LARGEST_CONTENT:
                raise PosError("import_too_large", file=name, most=f"{LARGEST_CONTENT >> 20} MB")
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with archive.open(part) as file:
                        start = file.read(4_096)
                    if b"<!DOCTYPE" in start or b"<!ENTITY" in start:
                        raise PosError("import_format", file=name)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError):
        raise PosError("import_format", file=name) from None


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, int):
        return Numeric(value)
    if isinstance(value, float):
        # Fifteen digits are what a spreadsheet keeps; more would show the binary fraction.
        text = format(Decimal(format(value, ".15g")), "f")
        return Numeric(text.rstrip("0").rstrip(".") if "." in text else text)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def progress(rows: Iterable[Row], what: str) -> Iterator[Row]:
    """The rows, with a count on a terminal's stderr."""
    shown = sys.stderr.isatty()
    for count, row in enumerate(rows, 1):
        if shown and count % 500 == 0:
            sys.stderr.write(f"\r{what}: {count}")
            sys.stderr.flush()
        yield row
    if shown:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()

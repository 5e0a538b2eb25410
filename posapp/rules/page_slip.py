"""The slip with a page that the customer opens on their own phone."""

from __future__ import annotations

from drivers.contracts import Cut, Document, Qr, Text
from posapp.rules.receipt import heading
from posapp.settings import Settings


def document(title: str, url: str, line: str, settings: Settings) -> Document:
    """title above the QR code of the page's address, line below it."""
    return (*heading(settings, 0), Text(title, "centre", is_bold=True), Qr(url), Text(line, "centre"), Cut())

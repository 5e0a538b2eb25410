"""Servers as processes of their own, and requests to them over one kept connection each."""

from __future__ import annotations

import http.client
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from posapp.wire import Request

ROOT = Path(__file__).parents[2]


@contextmanager
def serving(*words: str, log: Path) -> Iterator[str]:
    """Run `python -m words`; the value is the URL it says it listens on."""
    with (
        log.open("ab") as file,
        subprocess.Popen([sys.executable, "-m", *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=file) as child,
    ):
        assert child.stdout
        line = child.stdout.readline().decode()
        assert "http://" in line, log.read_text()
        try:
            yield "http://" + line.split("http://")[1].strip()
        finally:
            child.terminate()


class Line:
    """One kept connection to a server."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)

    def send(self, request: Request) -> tuple[int, bytes]:
        parts = urlsplit(request.url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        self._connection.request(request.method, path, request.body, dict(request.headers))
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def send_all(self, requests: Sequence[Request]) -> list[tuple[int, bytes]]:
        return [self.send(request) for request in requests]

    def close(self) -> None:
        self._connection.close()

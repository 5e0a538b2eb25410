"""A simulator as a real server on the loopback, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from posapp.errors import PosError


@contextmanager
def running(app: Any, port: int = 0) -> Iterator[str]:
    """An application as a real server on the loopback in a thread of its own; its URL."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, name="simulated server", daemon=True)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise PosError("port_taken", host="127.0.0.1", port=port)
            thread.join(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)

"""Reading what a request brings, within limits."""

from __future__ import annotations

from starlette.requests import Request

from posapp.errors import PosError


async def read_body(request: Request, most: int) -> bytes:
    """A request's body, given up as soon as it is larger than `most`. Raises PosError too_large."""
    told = request.headers.get("content-length", "0")
    if not told.isdigit() or int(told) > most:
        raise PosError("too_large", most=most)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise PosError("too_large", most=most)
        parts.append(part)
    return b"".join(parts)

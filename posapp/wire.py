"""How requests travel: entries packed as MessagePack under zstd, requests signed after RFC 9421.

Both ends use this one file. The till's request key signs method, authority, path, query, the body's digest
(RFC 9530) and its certificate, with the instant of creation and a nonce.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

import msgspec
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    algorithms,
)
from http_message_signatures.exceptions import HTTPMessageSignaturesException

from posapp.calls import PushRequest
from posapp.chain import Entry
from posapp.errors import PosError
from posapp.ids import b64u, unb64u
from posapp.keys import Certificate, check_certificate
from posapp.messages import LARGEST_REQUEST

CERTIFICATE_HEADER = "X-Posapp-Certificate"
TAG = "posapp-1"
_COVERED = ("@method", "@authority", "@path", "@query", "content-digest", CERTIFICATE_HEADER.lower())
_LARGEST_CERTIFICATE = 2048

_push_decoder = msgspec.msgpack.Decoder(PushRequest)


def pack_entries(entries: list[Entry]) -> bytes:
    request = PushRequest([(entry.header, entry.signature, entry.body) for entry in entries])
    return zstandard.compress(msgspec.msgpack.encode(request), 3)


def unpack_entries(raw: bytes) -> list[Entry]:
    """The entries of a push. Raises PosError bad_request, too_large (also for a small body that unpacks large)."""
    try:
        size = zstandard.frame_content_size(raw)
        if not 0 <= size <= LARGEST_REQUEST:
            raise PosError("too_large", most=LARGEST_REQUEST)
        plain = zstandard.ZstdDecompressor().decompress(raw, max_output_size=LARGEST_REQUEST)
        return [Entry(*parts) for parts in _push_decoder.decode(plain).entries]
    except (zstandard.ZstdError, msgspec.DecodeError):
        raise PosError("bad_request", why="entries") from None


@dataclass(slots=True)
class Request:
    """A request as both ends see it: absolute URL, header fields, body. patience: seconds its sender waits."""

    method: str
    url: str
    headers: MutableMapping[str, str]
    body: bytes = b""
    patience: float = 20.0


class _Key(HTTPSignatureKeyResolver):
    def __init__(self, key: Any) -> None:
        self._key = key

    def resolve_private_key(self, key_id: str) -> Any:
        return self._key

    def resolve_public_key(self, key_id: str) -> Any:
        return self._key


class _Verifier(HTTPMessageVerifier):
    # The library would judge `created` by this machine's clock; HQ judges it by the clock it was handed, and
    # tells a till whose clock is off by how much.
    max_clock_skew = dt.timedelta(days=20_000)


def sign_request(request: Request, certificate: Certificate, key: Ed25519PrivateKey, now_ms: int, nonce: bytes) -> None:
    """Add certificate, digest and signature to a request's header fields."""
    request.headers[CERTIFICATE_HEADER] = b64u(msgspec.json.encode(certificate))
    HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=_Key(key)).sign(
        request,
        key_id=certificate.request_key,
        created=dt.datetime.fromtimestamp(now_ms // 1000, dt.UTC),
        nonce=b64u(nonce),
        tag=TAG,
        covered_component_ids=_COVERED,
        body=request.body,
    )


@dataclass(frozen=True, slots=True)
class Signed:
    """An authentic request: who sent it, when it says it was made, and its nonce (for the replay check)."""

    certificate: Certificate
    created_ms: int
    nonce: str


def verify_request(request: Request, hq_key: str) -> Signed:
    """Who signed a request. Raises PosError bad_certificate or bad_signature.

    Age and replay are the caller's to judge: it knows the time and the nonces it has seen.
    """
    certificate = _certificate(request.headers)
    check_certificate(certificate, hq_key)
    try:
        public = Ed25519PublicKey.from_public_bytes(unb64u(certificate.request_key))
        (result,) = _Verifier(signature_algorithm=algorithms.ED25519, key_resolver=_Key(public)).verify(
            request, max_age=None, expect_tag=TAG, require_components=_COVERED, body=request.body
        )
        parameters = result.parameters
        if parameters["keyid"] != certificate.request_key:
            raise PosError("bad_signature")
        return Signed(certificate, int(parameters["created"]) * 1000, str(parameters["nonce"]))
    except (HTTPMessageSignaturesException, KeyError, ValueError, AssertionError):
        raise PosError("bad_signature") from None


def _certificate(headers: Mapping[str, str]) -> Certificate:
    text = headers.get(CERTIFICATE_HEADER) or headers.get(CERTIFICATE_HEADER.lower()) or ""
    if not 0 < len(text) <= _LARGEST_CERTIFICATE:
        raise PosError("bad_certificate")
    try:
        return msgspec.json.decode(unb64u(text), type=Certificate)
    except (msgspec.DecodeError, ValueError):
        raise PosError("bad_certificate") from None

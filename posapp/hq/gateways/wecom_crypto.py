"""WeCom's callback envelope: who signed it, what is in it, and its XML (domain.md 4.4).

AES-256-CBC with a fixed first block and SHA-1 signatures are WeCom's choice. What makes a message authentic is the
signature over the ciphertext with the callback's token; it is checked before anything is decrypted.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from xml.parsers import expat
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from posapp.errors import PosError
from posapp.ids import Chance

LARGEST = 64 * 1024
"""Bytes of a callback's body; WeCom's events are some hundred."""

_BLOCK = 32
_HEAD = 20
_MOST_FIELDS, _DEEPEST = 100, 8


class Envelope:
    """Closes and opens what WeCom and one receiver (a company's id) say to each other."""

    def __init__(self, token: str, aes_key: str, receiver: str, chance: Chance) -> None:
        """aes_key: the EncodingAESKey of 43 characters. Raises PosError bad_wecom_key."""
        self._token = token
        self._key = read_key(aes_key)
        self._receiver = receiver.encode()
        self._chance = chance

    def sign(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """The signature in lower hexadecimal."""
        parts = sorted([self._token, timestamp, nonce, encrypted])
        return hashlib.sha1("".join(parts).encode()).hexdigest()  # noqa: S324  (WeCom's choice)

    def close(self, message: str) -> str:
        """A message encrypted to the receiver, base64."""
        raw = message.encode()
        plain = self._chance(16) + len(raw).to_bytes(4, "big") + raw + self._receiver
        pad = _BLOCK - len(plain) % _BLOCK
        encryptor = self._cipher().encryptor()
        return base64.b64encode(encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()).decode()

    def open(self, signature: str, timestamp: str, nonce: str, encrypted: str) -> str:
        """The message. Raises PosError bad_signature (not WeCom's word to us), bad_request (cannot be read)."""
        wanted = self.sign(timestamp, nonce, encrypted)
        if not hmac.compare_digest(wanted.encode(), signature.encode("utf-8", "replace")):
            raise PosError("bad_signature")
        plain = _without_padding(self._decrypted(encrypted))
        size = int.from_bytes(plain[16:_HEAD], "big")
        if len(plain) < _HEAD + size:
            raise PosError("bad_request", why="length")
        if not hmac.compare_digest(plain[_HEAD + size :], self._receiver):
            raise PosError("bad_signature")
        try:
            return plain[_HEAD : _HEAD + size].decode()
        except UnicodeDecodeError:
            raise PosError("bad_request", why="text") from None

    def _decrypted(self, encrypted: str) -> bytes:
        try:
            raw = base64.b64decode(encrypted.encode("ascii", "replace"), validate=True)
        except (binascii.Error, ValueError):
            raise PosError("bad_request", why="base64") from None
        if not raw or len(raw) % 16:
            raise PosError("bad_request", why="blocks")
        decryptor = self._cipher().decryptor()
        return decryptor.update(raw) + decryptor.finalize()

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16]))


def read_key(aes_key: str) -> bytes:
    """The 32 bytes of an EncodingAESKey. Raises PosError bad_wecom_key."""
    try:
        key = base64.b64decode((aes_key + "=").encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise PosError("bad_wecom_key")
    return key


def _without_padding(plain: bytes) -> bytes:
    """PKCS#7 in blocks of 32: what most libraries allow ends at 16."""
    pad = plain[-1]
    if not 1 <= pad <= _BLOCK or len(plain) - pad < _HEAD or plain[-pad:] != bytes([pad]) * pad:
        raise PosError("bad_request", why="padding")
    return plain[:-pad]


def read_xml(text: bytes) -> dict[str, str]:
    """The texts of the elements right below the root, by name; what lies deeper is left out.

    Raises PosError bad_request for anything but plain elements: a document type or an entity of its own (a few bytes
    that would become gigabytes, or name a file of ours), a name twice, too much.
    """
    if len(text) > LARGEST:
        raise PosError("too_large", most=LARGEST)
    fields: dict[str, str] = {}
    open_names: list[str] = []

    def start(name: str, _attributes: object) -> None:
        open_names.append(name)
        if len(open_names) > _DEEPEST or (len(open_names) == 2 and (name in fields or len(fields) >= _MOST_FIELDS)):
            raise PosError("bad_request", why="XML")
        if len(open_names) == 2:
            fields[name] = ""

    def end(_name: str) -> None:
        open_names.pop()

    def said(part: str) -> None:
        if len(open_names) == 2:
            fields[open_names[1]] += part

    def refuse(*_: object) -> None:
        raise PosError("bad_request", why="DTD")

    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, said
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = parser.ExternalEntityRefHandler = refuse  # type: ignore[assignment]
    try:
        parser.Parse(text, True)
    except (expat.ExpatError, ValueError):
        raise PosError("bad_request", why="XML") from None
    return fields


def xml_of(fields: dict[str, str]) -> str:
    """An XML document of plain elements, read_xml's inverse."""
    return "<xml>" + "".join(f"<{name}>{escape(text)}</{name}>" for name, text in fields.items()) + "</xml>"

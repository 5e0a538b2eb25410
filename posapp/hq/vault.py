"""What HQ keeps of a person so that it can be found and used, but not read from a copy of the database.

A value is stored twice: as a keyed hash, by which it is looked up, and sealed (ChaCha20-Poly1305, RFC 8439), to be
used. Both keys follow from HQ's token secret, which lies outside the database.
"""

from __future__ import annotations

import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from posapp.errors import PosError
from posapp.ids import Chance, b64u, unb64u
from posapp.keys import HqKeys
from posapp.rules.lookup import KEY_BYTES

_NONCE = 12


class Vault:
    """Hashes and seals with keys derived from HQ's own."""

    def __init__(self, keys: HqKeys, chance: Chance) -> None:
        self._keys = keys
        self._chance = chance
        self._index = _derived(keys, "person index")
        self._box = ChaCha20Poly1305(_derived(keys, "person box"))

    def index(self, kind: str, value: str) -> str:
        """The keyed hash (HMAC-SHA256, base64url) by which a value of a kind is found."""
        return b64u(hmac.new(self._index, f"{kind}\n{value}".encode(), hashlib.sha256).digest())

    def lookup_key(self, period: str) -> bytes:
        """The key of a period with which tills find members (rules/lookup.py)."""
        parts = (_derived(self._keys, f"lookup {period} {n}") for n in range(KEY_BYTES // 32))
        return b"".join(parts)

    def close(self, text: str) -> str:
        """A text sealed: base64url of nonce and ciphertext; different each time."""
        nonce = self._chance(_NONCE)
        return b64u(nonce + self._box.encrypt(nonce, text.encode(), None))

    def open(self, sealed: str) -> str:
        """The text again. Raises PosError bad_box when it was sealed with other keys, or altered."""
        try:
            raw = unb64u(sealed)
            return self._box.decrypt(raw[:_NONCE], raw[_NONCE:], None).decode()
        except (InvalidTag, ValueError):
            raise PosError("bad_box") from None


def _derived(keys: HqKeys, use: str) -> bytes:
    return hmac.new(unb64u(keys.token), use.encode(), hashlib.sha256).digest()

"""How a till finds a member by a phone number that it does not hold (reliability.md 4.4, 7.14).

What is compared is slow to compute on purpose: with a till's disk and keys in hand, trying every number of the
country takes years of processor time for each period.
"""

from __future__ import annotations

import hashlib
import hmac

from argon2.low_level import Type, hash_secret_raw

from posapp.ids import b64u

KEY_BYTES = 64
MEMORY_KIB, ROUNDS = 8 * 1024, 1
_KEPT = 16


def phone_index(phone: str, key: bytes, period: str) -> str:
    """What stands for a whole number in E.164: "period:" and base64url of HMAC(key, Argon2id(number)), 16 bytes."""
    slow = hash_secret_raw(phone.encode(), key[32:48], ROUNDS, MEMORY_KIB, 1, 32, Type.ID)
    return f"{period}:{b64u(hmac.new(key[:32], slow, hashlib.sha256).digest()[:_KEPT])}"


def tail_index(tail: str, key: bytes, period: str) -> str:
    """What stands for the last four digits. There are ten thousand: whoever has the keys has the digits."""
    return f"{period}:{b64u(hmac.new(key[32:], tail.encode(), hashlib.sha256).digest()[:_KEPT])}"


def code_hash(code: str) -> str:
    """What stands for a member code: 130 random bits need no slowness."""
    return hashlib.sha256(code.encode()).hexdigest()

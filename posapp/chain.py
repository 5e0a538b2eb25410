"""The journal's chain: canonical bytes, hash, signature, and their verification.

An entry is three byte strings that are made once, stored verbatim and sent verbatim:
header (canonical JSON, at most 4 KiB), signature (64 bytes, Ed25519), body (canonical JSON, at most 1 MiB).

    hash      = SHA-256("posj1\\n" || header)
    signature = Ed25519(journal key, hash)
    header.bh = SHA-256(body);  header.ph = hash of the entry before
    first ph  = SHA-256("posj1-genesis\\n" || till || "\\n" || journal id || "\\n" || parent hash, if any)

Canonical JSON is RFC 8785 restricted to objects, arrays, strings and integers of at most 2**53 - 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec
from nacl.exceptions import CryptoError
from nacl.signing import SigningKey, VerifyKey

from posapp.ids import b64u, till_name, unb64u

VERSION = 1
LARGEST_HEADER = 4096
LARGEST_BODY = 1 << 20
DEEPEST = 16
_LARGEST_INTEGER = (1 << 53) - 1

_encoder = msgspec.json.Encoder(order="sorted")


def canonical_struct(value: msgspec.Struct) -> bytes:
    """Canonical bytes of a message whose declared types are strings and integers only; the way of every sale."""
    return _encoder.encode(value)


def canonical(value: Any) -> bytes:
    """Canonical bytes of any plain values. Raises ValueError on what a chain cannot carry."""
    raw = _encoder.encode(value)
    _check_plain(msgspec.json.decode(raw), DEEPEST)
    return raw


def _check_plain(value: Any, depth: int) -> None:
    """Strings, integers, and arrays and objects of them down to a depth."""
    kind = type(value)
    if kind is str or (kind is int and -_LARGEST_INTEGER <= value <= _LARGEST_INTEGER):
        return
    if not depth or kind not in (list, dict):
        raise ValueError(f"a chained entry holds strings and integers of at most 2**53 - 1 only, no {str(value)[:40]}")
    for item in value.values() if kind is dict else value:
        _check_plain(item, depth - 1)


class Reentered(msgspec.Struct, forbid_unknown_fields=True):
    """Where an entry stood before it was written again into a new journal."""

    jid: str
    seq: int
    hash: str


class Header(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """The signed part of an entry; frozen for version 1, field by field.

    jid, seq: journal (16 bytes, base64url) and number in it, from 1 without gaps. ph: hash of the entry
    before. t, sv: type and its version. eid: UUIDv7, the entry's identity for ever. store, till: numbers.
    clerk, by: clerk who acted, clerk who approved (0: nobody). bd: business date. bh: SHA-256 of the body.
    boot: id of the program's run. key: id of the signing key. w: wall clock, ms. off: known offset to HQ's
    clock, ms. ef: effective time, ms, strictly increasing in a journal. cq: 0 trusted, 1 the wall clock
    jumped, 2 no contact with HQ since the start. rn: receipt number. re: set when entered again.
    """

    v: int
    jid: str
    seq: int
    ph: str
    t: str
    sv: int
    eid: str
    store: int
    till: int
    bd: str
    bh: str
    boot: str
    key: str
    w: int
    off: int
    ef: int
    cq: int
    clerk: int = 0
    by: int = 0
    rn: str = ""
    re: Reentered | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True, slots=True)
class Entry:
    """One journal entry as stored and sent."""

    header: bytes
    signature: bytes
    body: bytes

    @property
    def hash(self) -> bytes:
        return entry_hash(self.header)


class Broken(Exception):
    """An entry or a chain does not verify: why, and at which number if that is known; zh says it in Chinese."""

    def __init__(self, reason: str, seq: int | None = None, *, zh: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.why = (zh or reason, reason)
        self.seq = seq


_header_decoder = msgspec.json.Decoder(Header)


def entry_hash(header: bytes) -> bytes:
    return sha256(b"posj1\n" + header).digest()


def genesis_hash(store: int, till: int, jid: str, parent_hash: bytes) -> bytes:
    """What the first entry of a journal names as the entry before."""
    return sha256(
        b"posj1-genesis\n" + till_name(store, till).encode() + b"\n" + jid.encode() + b"\n" + parent_hash
    ).digest()


def key_id(public: bytes) -> str:
    """The short name of an Ed25519 public key: 12 characters of its SHA-256."""
    return b64u(sha256(public).digest()[:9])


def seal_entry(header: Header, body: bytes, key: SigningKey) -> Entry:
    """Sign a header over its body; the caller has filled in everything but v and bh."""
    if len(body) > LARGEST_BODY:
        raise ValueError(f"an entry's body is at most {LARGEST_BODY} bytes, this one has {len(body)}")
    header.v = VERSION
    header.bh = b64u(sha256(body).digest())
    raw = canonical_struct(header)
    if len(raw) > LARGEST_HEADER:
        raise ValueError("an entry's header is at most 4 KiB")
    return Entry(raw, key.sign(entry_hash(raw)).signature, body)


def read_header(raw: bytes) -> Header:
    """Decode a header strictly: unknown fields, other spellings of the same JSON and floats are refused."""
    if len(raw) > LARGEST_HEADER:
        raise Broken("header too large", zh="记录头太大")
    try:
        header = _header_decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Broken("header is not a version 1 header", zh="记录头无法识别") from None
    if _encoder.encode(header) != raw:
        raise Broken("header is not canonical", header.seq, zh="记录头不是规范格式")
    if header.v != VERSION:
        raise Broken(f"chain version {header.v} is not known", header.seq, zh=f"不认识的版本 {header.v}")
    return header


def check_entry(entry: Entry, public_key: Callable[[str], VerifyKey | None]) -> Header:
    """Verify one entry by itself: canonical header, digest of the body, signature. Raises Broken."""
    header = read_header(entry.header)
    if len(entry.body) > LARGEST_BODY:
        raise Broken("body too large", header.seq, zh="内容太大")
    if b64u(sha256(entry.body).digest()) != header.bh:
        raise Broken("the body was changed", header.seq, zh="内容被改动")
    key = public_key(header.key)
    if key is None:
        raise Broken(f"signed by unknown key {header.key}", header.seq, zh=f"签名所用的钥匙 {header.key} 不认识")
    try:
        key.verify(entry.hash, entry.signature)
    except CryptoError:
        raise Broken("the signature does not fit", header.seq, zh="签名不符") from None
    return header


def check_link(header: Header, jid: str, seq: int, previous: bytes) -> None:
    """Verify that an entry stands where it says it stands. Raises Broken."""
    if header.jid != jid:
        raise Broken("entry of another journal", seq, zh="属于另一本流水")
    if header.seq != seq:
        raise Broken(
            f"entry {seq} is missing, entry {header.seq} stands in its place",
            seq,
            zh=f"缺第 {seq} 条,这里是第 {header.seq} 条",
        )
    if header.ph != b64u(previous):
        raise Broken("does not continue the entry before it", seq, zh="与上一条接不上")


def check_chain(
    entries: Iterable[Entry],
    jid: str,
    first_seq: int,
    previous: bytes,
    public_key: Callable[[str], VerifyKey | None],
) -> tuple[int, bytes]:
    """Verify a run of entries that continues (first_seq - 1, previous); the new (seq, hash). Raises Broken."""
    seq = first_seq - 1
    effective = 0
    for entry in entries:
        seq += 1
        try:
            header = check_entry(entry, public_key)
        except Broken as broken:
            raise Broken(broken.reason, seq, zh=broken.why[0]) from None
        check_link(header, jid, seq, previous)
        if header.ef <= effective:
            raise Broken("effective time does not increase", seq, zh="时间没有递增")
        effective = header.ef
        previous = entry.hash
    return seq, previous


def load_public(raw: bytes) -> VerifyKey:
    return VerifyKey(raw)


def public_of_text(text: str) -> VerifyKey:
    """An Ed25519 public key written in base64url. Raises ValueError."""
    return load_public(unb64u(text))

"""The chain: canonical bytes as other programs would write them, and nothing changed goes unseen."""

from __future__ import annotations

import hashlib
import json

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from posapp.chain import Broken, Entry, Header, canonical, check_chain, check_entry, genesis_hash, key_id, seal_entry
from posapp.errors import PosError
from posapp.ids import b64u, base32, epoch_letter, seeded_chance, unb64u, uuid7
from posapp.keys import Certificate, HqKeys, TillKeys, check_certificate, public_text, seal, unseal
from posapp.wire import Request, pack_entries, sign_request, unpack_entries, verify_request

KEY = SigningKey(bytes(range(32)))
KEYS = {key_id(bytes(KEY.verify_key)): KEY.verify_key}
JID = b64u(bytes(16))

LETTERS = 'aB9 中文é"\\/\n\t\x07\x7f\u2028😀'

plain = st.recursive(
    st.text(LETTERS) | st.integers(-(2**53) + 1, 2**53 - 1),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcXYZ_09"), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text("abcXYZ_09"), plain, max_size=5))
def test_canonical_bytes_are_those_of_the_standard_library(value: dict[str, object]) -> None:
    expected = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert json.loads(canonical(value)) == value
    if not any(ord(letter) < 32 or ord(letter) == 127 for letter in expected):
        assert canonical(value) == expected.encode()


@pytest.mark.parametrize("value", [1.5, True, None, 2**53, float("nan"), b"raw"])
def test_a_chain_carries_strings_and_integers_only(value: object) -> None:
    if isinstance(value, bytes):
        assert canonical({"a": value}) == b'{"a":"cmF3"}'
    else:
        with pytest.raises(ValueError, match=r"strings and integers|2\*\*53"):
            canonical({"a": value})


def chain_of(count: int) -> list[Entry]:
    previous, entries = genesis_hash(1, 1, JID, b""), []
    for seq in range(1, count + 1):
        header = Header(
            v=0,
            jid=JID,
            seq=seq,
            ph=b64u(previous),
            t="cash.moved",
            sv=1,
            eid=uuid7(seq, seeded_chance(seq)),
            store=1,
            till=1,
            bd="2026-11-22",
            bh="",
            boot="b",
            key=next(iter(KEYS)),
            w=seq,
            off=0,
            ef=seq,
            cq=0,
        )
        entry = seal_entry(header, canonical({"amount": seq, "reason": "零钱"}), KEY)
        entries.append(entry)
        previous = entry.hash
    return entries


CHAIN = chain_of(6)


def check(entries: list[Entry]) -> tuple[int, bytes]:
    return check_chain(entries, JID, 1, genesis_hash(1, 1, JID, b""), KEYS.get)


def test_a_whole_chain_verifies() -> None:
    assert check(CHAIN) == (6, CHAIN[-1].hash)


@given(st.integers(0, 5), st.sampled_from(["header", "signature", "body"]), st.integers(0, 10**6), st.integers(1, 255))
def test_one_changed_byte_is_found_in_the_entry_it_is_in(which: int, part: str, place: int, mask: int) -> None:
    old = CHAIN[which]
    raw = bytearray(getattr(old, part))
    raw[place % len(raw)] ^= mask
    parts = {"header": old.header, "signature": old.signature, "body": old.body} | {part: bytes(raw)}
    with pytest.raises(Broken) as broken:
        check([*CHAIN[:which], Entry(**parts), *CHAIN[which + 1 :]])
    assert broken.value.seq == which + 1


@pytest.mark.parametrize(
    ("entries", "seq"),
    [
        (CHAIN[1:], 1),
        ([*CHAIN[:2], *CHAIN[3:]], 3),
        ([CHAIN[0], CHAIN[2], CHAIN[1]], 2),
        ([*CHAIN[:3], CHAIN[2]], 4),
    ],
)
def test_missing_swapped_and_repeated_entries_are_found(entries: list[Entry], seq: int) -> None:
    with pytest.raises(Broken) as broken:
        check(entries)
    assert broken.value.seq == seq


def test_another_spelling_of_the_same_header_is_refused() -> None:
    header = CHAIN[0].header.replace(b'"cq":0', b'"cq": 0')
    with pytest.raises(Broken, match="not canonical"):
        check_entry(Entry(header, KEY.sign(Entry(header, b"", b"").hash).signature, CHAIN[0].body), KEYS.get)


def test_the_hash_is_what_the_page_says() -> None:
    assert CHAIN[0].hash == hashlib.sha256(b"posj1\n" + CHAIN[0].header).digest()


@given(st.binary(max_size=80))
def test_base64_is_read_in_one_spelling_only(raw: bytes) -> None:
    text = b64u(raw)
    assert unb64u(text) == raw
    with pytest.raises(ValueError):
        unb64u(text + "=")


def test_letters_and_base32() -> None:
    assert [epoch_letter(n) for n in (1, 26, 27, 52, 53)] == ["A", "Z", "AA", "AZ", "BA"]
    assert base32(2**10 - 1, 2) == "ZZ"


# --- keys and the wire ---

HQ = HqKeys.fresh(seeded_chance(1))
TILL = TillKeys.fresh(seeded_chance(2))
HQ_KEY = public_text(HQ.certificate_key)


def certificate(store: int = 1) -> Certificate:
    public = (public_text(TILL.journal_key), public_text(TILL.request_key), public_text(TILL.box_key))
    return HQ.issue(Certificate(1, 1, store, 1, 1, *public, issued=0, hq_key=""))


def signed_request() -> Request:
    request = Request("POST", "https://hq.example/v1/hello?x=1", {}, b"body")
    sign_request(request, certificate(), TILL.request_key, 1_800_000_000_000, b"nonce-123456")
    return request


def test_a_signed_request_is_known_by_its_till() -> None:
    signed = verify_request(signed_request(), HQ_KEY)
    assert (signed.certificate.store, signed.created_ms, signed.nonce) == (1, 1_800_000_000_000, b64u(b"nonce-123456"))


@pytest.mark.parametrize(
    "change",
    [
        {"method": "GET"},
        {"url": "https://hq.example/v1/hello?x=2"},
        {"url": "https://hq.example/v1/hallo?x=1"},
        {"url": "https://other.example/v1/hello?x=1"},
        {"body": b"bodY"},
        {"body": b""},
    ],
)
def test_anything_changed_in_a_request_is_seen(change: dict[str, object]) -> None:
    request = signed_request()
    for name, value in change.items():
        setattr(request, name, value)
    with pytest.raises(PosError, match="bad_signature"):
        verify_request(request, HQ_KEY)


def test_a_certificate_speaks_for_one_till_of_one_hq() -> None:
    request = signed_request()
    forged = certificate()
    forged.store = 2
    with pytest.raises(PosError, match="bad_certificate"):
        check_certificate(forged, HQ_KEY)
    with pytest.raises(PosError, match="bad_certificate"):
        verify_request(request, public_text(HqKeys.fresh(seeded_chance(9)).certificate_key))
    other = certificate(store=2)
    request.headers["X-Posapp-Certificate"] = b64u(json.dumps(json.loads(canonical(other))).encode())
    with pytest.raises(PosError, match="bad_signature"):
        verify_request(request, HQ_KEY)


def test_a_box_opens_for_its_key_and_purpose_only() -> None:
    box = seal(b"secret", public_text(HQ.box_key), "backup S1 T1")
    assert unseal(box, HQ.box_key, "backup S1 T1") == b"secret"
    for key, purpose in ((TILL.box_key, "backup S1 T1"), (HQ.box_key, "backup S1 T2")):
        with pytest.raises(PosError, match="bad_box"):
            unseal(box, key, purpose)


def test_packed_entries_come_back_and_hostile_ones_are_refused() -> None:
    assert unpack_entries(pack_entries(CHAIN)) == CHAIN
    bomb = zstandard.compress(bytes(64 << 20))
    for raw in (b"", b"nonsense", zstandard.compress(b"nonsense"), bomb, pack_entries(CHAIN)[:-3]):
        with pytest.raises(PosError, match=r"bad_request|too_large"):
            unpack_entries(raw)

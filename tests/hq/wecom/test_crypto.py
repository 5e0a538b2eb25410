"""WeCom's envelope: another's implementation reads ours and ours reads theirs, real samples open, nothing else does."""

from __future__ import annotations

import base64
import json
import os
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.work.crypto import WeChatCrypto

from posapp.errors import PosError
from posapp.hq.gateways.wecom_crypto import LARGEST, Envelope, read_key, read_xml, xml_of
from posapp.ids import seeded_chance

TOKEN, AES_KEY, RECEIVER = "callbackToken", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "ww0123456789abcdef"
STAMP, NONCE = "1795312345", "nonce-1"
REAL = os.environ.get("POSAPP_REAL_DATA")


def envelope(receiver: str = RECEIVER, token: str = TOKEN, aes_key: str = AES_KEY) -> Envelope:
    return Envelope(token, aes_key, receiver, seeded_chance(5))


def sealed(plain: bytes) -> str:
    """Bytes encrypted as they are: what an attacker who had the key, or a bug, might send."""
    key = read_key(AES_KEY)
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


def refusal(encrypted: str, signature: str | None = None, receiver: str = RECEIVER) -> str:
    to = envelope(receiver)
    with pytest.raises(PosError) as error:
        to.open(to.sign(STAMP, NONCE, encrypted) if signature is None else signature, STAMP, NONCE, encrypted)
    return error.value.code


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=300))
def test_what_is_closed_opens(message: str) -> None:
    to = envelope()
    encrypted = to.close(message)
    assert to.open(to.sign(STAMP, NONCE, encrypted), STAMP, NONCE, encrypted) == message


@given(st.integers(0, 70))
def test_every_length_of_padding_opens_also_by_another_implementation(size: int) -> None:
    other = WeChatCrypto(TOKEN, AES_KEY, RECEIVER)
    to = envelope()
    message = f"<xml><Content>{'a' * size}</Content></xml>"
    encrypted = to.close(message)
    body = xml_of({"ToUserName": RECEIVER, "Encrypt": encrypted})
    assert other.decrypt_message(body, to.sign(STAMP, NONCE, encrypted), STAMP, NONCE) == message
    theirs = read_xml(other.encrypt_message(message, NONCE, STAMP).encode())
    assert to.open(theirs["MsgSignature"], STAMP, NONCE, theirs["Encrypt"]) == message


def test_an_altered_or_foreign_message_is_refused() -> None:
    to = envelope()
    encrypted = to.close("<xml/>")
    good = to.sign(STAMP, NONCE, encrypted)
    for wrong in ("", good[:-1], good.upper(), "é" * 40, to.sign(STAMP, "other", encrypted)):
        assert refusal(encrypted, wrong) == "bad_signature"
    assert refusal(envelope("wwsomebodyelse000").close("<xml/>")) == "bad_signature"
    assert envelope(token="other").sign(STAMP, NONCE, encrypted) != good


@pytest.mark.parametrize(
    ("plain", "why"),
    [
        (b"", "base64 of nothing"),
        (b"x" * 15 + b"\x01", "shorter than its head"),
        (b"x" * 31 + b"\x00", "padding 0"),
        (b"x" * 31 + b"\x21", "padding 33"),
        (b"x" * 16 + b"\0\0\0\x01a" + RECEIVER.encode() + b"\x02" * 8 + b"\x09", "padding that differs"),
        (b"x" * 16 + b"\xff\xff\xff\xffa" + RECEIVER.encode() + b"\x09" * 9, "a length beyond the end"),
    ],
)
def test_bad_padding_and_lengths_are_refused(plain: bytes, why: str) -> None:
    assert refusal(sealed(plain) if len(plain) % 16 == 0 else sealed(plain + b"\x01" * (16 - len(plain) % 16)))


@pytest.mark.parametrize("encrypted", ["", "***", "YWJj", "YWJ", "\u4e2d"])
def test_what_is_no_ciphertext_is_refused(encrypted: str) -> None:
    assert refusal(encrypted) == "bad_request"


@pytest.mark.parametrize("aes_key", ["", "short", AES_KEY + "A", AES_KEY[:-1] + "*", AES_KEY[:-1] + "\u4e2d"])
def test_a_wrong_key_is_told_when_it_is_set(aes_key: str) -> None:
    with pytest.raises(PosError) as error:
        read_key(aes_key)
    assert error.value.code == "bad_wecom_key"


def test_xml_is_read_flat() -> None:
    text = "<xml><A><![CDATA[1 < 2]]></A><B>&lt;b&gt;&#20013;</B><List><Item>no</Item></List><C/></xml>"
    assert read_xml(text.encode()) == {"A": "1 < 2", "B": "<b>中", "List": "", "C": ""}
    fields = {"Name": "<&>\"'", "Text": "中文"}
    assert read_xml(xml_of(fields).encode()) == fields


_GROWING = "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">'
    for before, name in zip("abcdefghijklmnopqrstuvwxy", "bcdefghijklmnopqrstuvwxyz", strict=True)
)
BOMB = f'<!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa">{_GROWING}]><xml><A>&z;</A></xml>'


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        '<!DOCTYPE xml SYSTEM "http://127.0.0.1:1/x.dtd"><xml/>',
        '<!DOCTYPE xml [<!ENTITY f SYSTEM "file:///etc/hostname">]><xml><A>&f;</A></xml>',
        "<xml><A>&unknown;</A></xml>",
        "<xml><A>1</A><A>2</A></xml>",
        "<xml><A>",
        "",
        "{}",
        "<xml>" * 9 + "</xml>" * 9,
        "<xml>" + "".join(f"<A{n}/>" for n in range(101)) + "</xml>",
        "<xml>\0</xml>",
    ],
)
def test_xml_that_could_blow_up_or_mean_two_things_is_refused(text: str) -> None:
    with pytest.raises(PosError) as error:
        read_xml(text.encode())
    assert error.value.code == "bad_request"


def test_a_huge_body_is_refused() -> None:
    with pytest.raises(PosError) as error:
        read_xml(b"<xml>" + b"a" * LARGEST + b"</xml>")
    assert error.value.code == "too_large"


@pytest.mark.skipif(not REAL, reason="POSAPP_REAL_DATA names the folder of the real samples")
def test_real_samples_open_with_every_padding() -> None:
    """WeCom's own published callbacks, among them one padded by 30 bytes, which blocks of 16 would refuse."""
    cases = json.loads((Path(REAL or "") / "payment_vectors_part1.json").read_text("utf-8"))["wecom"]["cases"]
    assert {case["pkcs7_pad_bytes"] > 16 for case in cases} == {True, False}
    for case in cases:
        first = bytes.fromhex(case["random16_hex"])
        to = Envelope(case["token"], case["encoding_aes_key"], case["receive_id"], partial(_first_of, first))
        stamp, nonce = str(case["timestamp"]), str(case["nonce"])
        assert to.sign(stamp, nonce, case["encrypt"]) == case["msg_signature"]
        assert to.open(case["msg_signature"], stamp, nonce, case["encrypt"]) == case["plaintext"]
        assert to.close(case["plaintext"]) == case["encrypt"]


def _first_of(raw: bytes, size: int) -> bytes:
    return raw[:size]

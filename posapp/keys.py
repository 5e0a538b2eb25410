"""Keys and who vouches for them: a till's secrets, HQ's secrets, and the certificate HQ gives a till.

Both sides keep their secrets in one file that only its owner can read (mode 0600), outside the databases.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from nacl.exceptions import CryptoError
from nacl.signing import SigningKey

from posapp.chain import canonical, key_id, public_of_text
from posapp.errors import PosError
from posapp.ids import Chance, b64u, unb64u

_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)


class Certificate(msgspec.Struct, forbid_unknown_fields=True):
    """HQ's word that these keys belong to this till; `signature` covers the canonical rest.

    Keys are base64url: journal and request are Ed25519, box is X25519. serial counts enrolments of the till.
    """

    v: int
    chain: int
    store: int
    till: int
    serial: int
    journal_key: str
    request_key: str
    box_key: str
    issued: int
    hq_key: str
    signature: str = ""

    def signed_bytes(self) -> bytes:
        fields = {name: getattr(self, name) for name in self.__struct_fields__ if name != "signature"}
        return b"posapp-certificate-1\n" + canonical(fields)


class TillKeys(msgspec.Struct, forbid_unknown_fields=True):
    """A till's secrets and what it was given at enrolment; 32-byte values in base64url."""

    database: str
    journal: str
    request: str
    box: str
    token: str = ""
    hq_url: str = ""
    hq_key: str = ""
    hq_box: str = ""
    certificate: Certificate | None = None

    @classmethod
    def fresh(cls, chance: Chance) -> TillKeys:
        database, journal, request, box = (b64u(chance(32)) for _ in range(4))
        return cls(database, journal, request, box)

    @property
    def journal_key(self) -> SigningKey:
        return SigningKey(unb64u(self.journal))

    @property
    def request_key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(unb64u(self.request))

    @property
    def box_key(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(unb64u(self.box))


class HqKeys(msgspec.Struct, forbid_unknown_fields=True):
    """HQ's secrets and its generation; a database restored from a backup gets a new generation.

    certificate signs tills' certificates, box opens what tills seal to HQ, token is the secret every
    till's own token key is derived from, so that a restored HQ still knows them all.
    """

    chain: int
    generation: str
    certificate: str
    box: str
    token: str

    @classmethod
    def fresh(cls, chance: Chance, chain: int = 1) -> HqKeys:
        return cls(chain, b64u(chance(9)), *[b64u(chance(32)) for _ in cls.__struct_fields__[2:]])

    @property
    def certificate_key(self) -> SigningKey:
        return SigningKey(unb64u(self.certificate))

    @property
    def box_key(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(unb64u(self.box))

    def token_key(self, store: int, till: int) -> bytes:
        """The symmetric key with which one till signs its join tokens."""
        return hmac.new(unb64u(self.token), f"token S{store} T{till}".encode(), hashlib.sha256).digest()

    def issue(self, certificate: Certificate) -> Certificate:
        """The certificate, signed."""
        certificate.hq_key = public_text(self.certificate_key)
        certificate.signature = b64u(self.certificate_key.sign(certificate.signed_bytes()).signature)
        return certificate


def check_certificate(certificate: Certificate, hq_key: str) -> None:
    """Verify that HQ (its public key in base64url) signed a certificate. Raises PosError bad_certificate."""
    try:
        if certificate.v != 1 or certificate.hq_key != hq_key:
            raise ValueError
        public_of_text(hq_key).verify(certificate.signed_bytes(), unb64u(certificate.signature))
    except (CryptoError, ValueError):
        raise PosError("bad_certificate") from None


def public_text(key: SigningKey | Ed25519PrivateKey | X25519PrivateKey) -> str:
    return b64u(bytes(key.verify_key) if isinstance(key, SigningKey) else key.public_key().public_bytes_raw())


def short_id(key: SigningKey) -> str:
    return key_id(bytes(key.verify_key))


def seal(secret: bytes, public: str, purpose: str) -> str:
    """Seal bytes to an X25519 public key with HPKE (RFC 9180, base mode); text in base64url."""
    key = X25519PublicKey.from_public_bytes(unb64u(public))
    return b64u(_SUITE.encrypt(secret, key, purpose.encode()))


def unseal(box: str, key: X25519PrivateKey, purpose: str) -> bytes:
    """Open a sealed box. Raises PosError bad_box when it was made for another key or purpose, or altered."""
    try:
        return bytes(_SUITE.decrypt(unb64u(box), key, purpose.encode()))
    except (InvalidTag, ValueError):
        raise PosError("bad_box") from None


def save_secrets(path: Path, secrets: msgspec.Struct) -> None:
    """Write a secrets file whole or not at all, readable by its owner only, and on disk when this returns.

    Raises PosError cannot_write.
    """
    beside = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(secrets)))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        sync_folder(path.parent)
    except OSError:
        raise PosError("cannot_write", file=str(path)) from None


def load_secrets(path: Path, kind: type[Any]) -> Any:
    """Read a secrets file of the kind that was saved; None where there is none. Raises PosError damaged_file."""
    try:
        raw = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        raise PosError("damaged_file", file=str(path)) from None
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.DecodeError:
        raise PosError("damaged_file", file=str(path)) from None


def sync_folder(folder: Path) -> None:
    """Make a rename in a folder durable (a no-op where folders cannot be opened)."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

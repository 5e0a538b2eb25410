"""Making this computer a till: keys made here, a certificate from HQ, everything kept in the state folder."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from posapp.calls import EnrolRequest
from posapp.errors import PosError
from posapp.ids import Chance, b64u, till_name
from posapp.keys import TillKeys, check_certificate, load_secrets, public_text, save_secrets, unseal
from posapp.sync.client import Carrier, check_url, enrol
from posapp.version import VERSION

KEYS_FILE = "till-keys.json"

_CODE = re.compile(r"[0-9A-HJKMNP-TV-Z]{10}")


def enrol_till(state: Path, url: str, code: str, carrier: Carrier, chance: Chance) -> TillKeys:
    """Enrol with a code from HQ; the keys are on disk when this returns.

    The keys are kept before HQ is asked, so that an answer lost on the way can be asked for again with the
    same code. Raises PosError already_enrolled, bad_url, plain_http, bad_code, expired, already_used.
    """
    url = check_url(url)
    plain = re.sub(r"[\s-]", "", code).upper().translate(str.maketrans("OIL", "011"))
    if not _CODE.fullmatch(plain):
        raise PosError("bad_code")
    path = state / KEYS_FILE
    keys: TillKeys | None = load_secrets(path, TillKeys)
    if keys and keys.certificate:
        raise PosError("already_enrolled", till=till_name(keys.certificate.store, keys.certificate.till))
    if keys is None:
        keys = TillKeys.fresh(chance)
        save_secrets(path, keys)
    answer = enrol(
        carrier,
        url,
        EnrolRequest(
            plain,
            public_text(keys.journal_key),
            public_text(keys.request_key),
            public_text(keys.box_key),
            VERSION,
        ),
    )
    certificate = answer.certificate
    check_certificate(certificate, answer.hq_key)
    if certificate.journal_key != public_text(keys.journal_key) or certificate.request_key != public_text(
        keys.request_key
    ):
        raise PosError("bad_certificate")
    keys.token = b64u(unseal(answer.token_key, keys.box_key, "token"))
    keys.hq_url, keys.hq_key, keys.hq_box = url, answer.hq_key, answer.hq_box
    keys.certificate = certificate
    save_secrets(path, keys)
    return keys


def open_keys(data: Path, state: Path) -> TillKeys:
    """The till's keys from its state folder. Raises PosError not_enrolled, keys_missing."""
    keys: TillKeys | None = load_secrets(state / KEYS_FILE, TillKeys)
    if keys is None or keys.certificate is None:
        raise PosError("keys_missing", folder=str(state)) if (data / "till.db").exists() else PosError("not_enrolled")
    return keys


def bring_lookup_keys(state: Path, keys: TillKeys, ask: Callable[[], dict[str, str]]) -> None:
    """Keep the keys that members are found by, once HQ gives them. Raises what ask raises, and cannot_write."""
    if not keys.lookup:
        keys.lookup = ask()
        save_secrets(state / KEYS_FILE, keys)

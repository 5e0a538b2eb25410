"""Text messages as the tests see them: HQ's outbox and courier, and the simulated provider over real HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from posapp.hq.database import Database
from posapp.hq.gateways.sms import TencentSms, TextSecrets, save_text_secrets
from posapp.hq.gateways.sms_simulator import SmsSimulator
from posapp.hq.texts import codes, outbox
from posapp.hq.texts.courier import Courier
from posapp.hq.texts.outbox import Outcome
from posapp.hq.texts.tables import text_message
from posapp.hq.texts.templates import TEMPLATES
from posapp.hq.vault import Vault
from posapp.ids import seeded_chance
from posapp.keys import HqKeys
from tests.hq.shop import TestClock

PHONE, OTHER = "+8613812345678", "+8613987654321"
NIGHT = 1_795_352_400_000
"""2026-11-22T21:00:00+08:00, when the quiet hours begin."""

MORNING = NIGHT + 12 * 3_600_000
RECEIPT = {"store": "示范店", "total": "13.00", "link": "https://s.example/r/1"}
OFFER = {"text": "周三会员日", "link": "https://s.example/o"}


def account() -> TextSecrets:
    """An account with every template filed, in Chinese, and one in English."""
    templates = {name: str(1110 + n) for n, name in enumerate(TEMPLATES)} | {"verify_code.en": "1200"}
    return TextSecrets("AKIDexample", "secret-of-example", "1400006666", "示范", templates, "callback-of-tests")


class Texting:
    """One HQ's text messages; `agreed` is whether people take promotions."""

    def __init__(self, database: Database, keys: HqKeys, clock: TestClock, folder: Path) -> None:
        self.database = database
        self.clock = clock
        self.chance = seeded_chance(11)
        self.vault = Vault(keys, self.chance)
        self.folder = folder
        self.account = account()
        self.provider = SmsSimulator(self.account, clock)
        self.account.base_url = self.provider.start()
        save_text_secrets(folder, self.account)
        self.agreed = True
        self.courier = Courier(database, self.vault, clock, folder, self.may_send)
        self.gateway = TencentSms(self.account, clock)

    def may_send(self, _conn: Connection, _ref: str, _kind: str, _template: str) -> bool:
        return self.agreed

    def ask(self, template: str, dedupe: str, phone: str = PHONE, **more: Any) -> Outcome:
        values = more.pop("values", OFFER if template == "offer" else RECEIPT)
        with self.database.transaction() as conn:
            return outbox.request(
                conn,
                self.vault,
                phone=phone,
                template=template,
                values=values,
                dedupe=dedupe,
                now_ms=self.clock.now_ms(),
                may_send=self.may_send,
                **more,
            )

    def code(self, phone: str = PHONE, purpose: str = "join", **more: Any) -> Outcome:
        with self.database.transaction() as conn:
            return codes.send_code(
                conn, self.vault, self.chance, phone=phone, purpose=purpose, now_ms=self.clock.now_ms(), **more
            )

    def check(self, code: str, phone: str = PHONE, purpose: str = "join") -> None:
        codes.check_code(self.database, self.vault, phone=phone, purpose=purpose, code=code, now_ms=self.clock.now_ms())

    def code_on(self, phone: str = PHONE) -> str:
        """The code in the newest message on a phone."""
        return self.provider.inbox(phone)[-1].split("验证码是")[1][:6]

    def row(self, outcome: Outcome) -> Any:
        with self.database.reading() as conn:
            return conn.execute(select(text_message).where(text_message.c.id == outcome.id)).one()

    def state(self, outcome: Outcome) -> str:
        return str(self.row(outcome).state)

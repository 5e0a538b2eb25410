"""`posapp hq texts set|status|send-test|suppress`: the account with the provider, what waits, who gets nothing.

A number and a secret are asked for or read from a pipe, so that neither stands in a shell's history.
"""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from posapp.clock import rfc3339
from posapp.errors import PosError
from posapp.hq.gateways.sms import TextSecrets, load_text_secrets, save_text_secrets
from posapp.hq.members.commands import say
from posapp.hq.office import Office
from posapp.hq.texts.courier import Courier, send_next
from posapp.hq.texts.inbound import PATH
from posapp.hq.texts.outbox import counts, request, suppress
from posapp.hq.texts.tables import text_message, text_suppression
from posapp.hq.texts.templates import TEMPLATES, filed
from posapp.hq.vault import Vault
from posapp.ids import b64u
from posapp.rules.phones import masked, read_phone

Command = Callable[[Any, str, Callable[[argparse.Namespace], int | None], str], Any]

_PLAIN = ("secret_id", "app_id", "sign", "region", "base_url")


def add(command: Command, group: Callable[[str, str], Any]) -> None:
    """Add these commands to those of `posapp hq`."""
    texts = group("texts", "text messages (SMS) to customers")
    change = command(texts, "set", _set, "the account with the provider; what is not given stays as it is")
    change.add_argument("--secret-id", help="of the API key; its secret is then asked for, or read from a pipe")
    change.add_argument("--app-id", help="the provider's SdkAppId")
    change.add_argument("--sign", help="the filed sign, without 【】")
    change.add_argument("--region")
    change.add_argument("--base-url", help="another address of the provider, as that of a simulator")
    change.add_argument(
        "--template", action="append", default=[], metavar="NAME=ID", help="the id a template was filed under"
    )
    told = command(texts, "status", _status, "the account, the templates and how many messages are in which state")
    told.add_argument("--json", action="store_true")
    test = command(texts, "send-test", _send_test, "send one message now to a number that is asked for")
    test.add_argument("--template", default="verify_code", metavar="NAME")
    command(texts, "suppress", _suppress, "send nothing more to a number that is asked for, but codes")


def _ask(prompt: str) -> str:
    try:
        return getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().strip()
    except EOFError:
        return ""


def _set(args: argparse.Namespace) -> None:
    with Office(args) as office:
        folder = Path(args.data)
        secrets = load_text_secrets(folder) or TextSecrets.fresh(office.chance)
        for name in _PLAIN:
            if (value := getattr(args, name)) is not None:
                setattr(secrets, name, value.strip())
        for pair in args.template:
            name, _, number = pair.partition("=")
            if name.removesuffix(".en") not in TEMPLATES:
                raise PosError("no_such_template", name=name[:40], names=", ".join(TEMPLATES))
            secrets.templates[name] = number.strip()
        if args.secret_id is not None:
            secrets.secret_key = _ask("SecretKey: ")
        save_text_secrets(folder, secrets)


def _status(args: argparse.Namespace) -> None:
    with Office(args) as office:
        secrets = load_text_secrets(Path(args.data))
        with office.database.reading() as conn:
            held = counts(conn)
            queued = text_message.c.state == "queued"
            oldest = conn.scalar(select(func.min(text_message.c.created)).where(queued))
            wrong = conn.scalar(
                select(text_message.c.reason)
                .where(text_message.c.reason != "")
                .order_by(text_message.c.marked.desc())
                .limit(1)
            )
            refused = conn.scalar(select(func.count()).select_from(text_suppression))
    known = secrets.templates if secrets else {}
    status = {
        "ready": bool(secrets and secrets.complete),
        "sign": secrets.sign if secrets else "",
        "provider": secrets.base_url if secrets else "",
        "callback": PATH + secrets.callback if secrets else "",
        "messages": held,
        "oldest_queued": rfc3339(oldest) if oldest else None,
        "last_reason": wrong or "",
        "suppressed_numbers": refused,
        "templates": {
            name: {
                "class": template.kind,
                "id": known.get(name, ""),
                "id_en": known.get(f"{name}.en", ""),
                "zh": filed(name, "zh"),
                "en": filed(name, "en"),
            }
            for name, template in TEMPLATES.items()
        },
    }
    say(json.dumps(status, ensure_ascii=False) if args.json else _status_text(status, args.language))


def _status_text(status: dict[str, Any], language: str) -> str:
    english = language == "en"
    if status["ready"]:
        first = f"ready, sign {status['sign']}" if english else f"已配置,签名【{status['sign']}】"
    else:
        first = PosError("texts_not_set").sentence(language)
    lines = [first]
    if status["callback"]:
        lines.append(f"{'callback' if english else '回调路径'}  {status['callback']}")
    lines += [f"{state:<12}{number}" for state, number in sorted(status["messages"].items())]
    if status["oldest_queued"]:
        lines.append(f"{'oldest waiting since' if english else '最早一条等待自'}  {status['oldest_queued']}")
    if status["last_reason"]:
        lines.append(f"{'last reason' if english else '最近的原因'}  {status['last_reason']}")
    lines.append(f"{'numbers that refused' if english else '已退订号码'}  {status['suppressed_numbers']}")
    for name, template in status["templates"].items():
        text = template["en" if english else "zh"]
        lines.append(f"{name:<14}{template['class']:<11}{template['id'] or '-':<10}{text}")
    return "\n".join(lines)


def _send_test(args: argparse.Namespace) -> int:
    if args.template not in TEMPLATES:
        raise PosError("no_such_template", name=args.template[:40], names=", ".join(TEMPLATES))
    with Office(args) as office:
        vault = Vault(office.keys, office.chance)
        gateway = Courier(office.database, vault, office.clock, Path(args.data)).gateway()
        if gateway is None:
            raise PosError("texts_not_set")
        phone = read_phone(_ask("手机号 / phone: "))
        values = dict.fromkeys(TEMPLATES[args.template].names, "123456")
        with office.database.transaction() as conn:
            outcome = request(
                conn,
                vault,
                phone=phone,
                template=args.template,
                values=values,
                dedupe=b64u(office.chance(16)),
                now_ms=office.clock.now_ms(),
                language=args.language,
                may_send=_tested,
            ).check()
        send_next(office.database, vault, office.clock, gateway, _tested, outcome.id)
        with office.database.reading() as conn:
            row = conn.execute(select(text_message).where(text_message.c.id == outcome.id)).one()
    say(f"{masked(phone)} {row.state} {row.reason or row.provider_id}")
    return 0 if row.state in ("sent", "delivered") else 1


def _tested(*_: object) -> bool:
    """Whoever tests the account sends to a number of their own."""
    return True


def _suppress(args: argparse.Namespace) -> None:
    with Office(args) as office:
        phone = read_phone(_ask("手机号 / phone: "))
        with office.database.transaction() as conn:
            suppress(conn, Vault(office.keys, office.chance), phone, "staff", office.clock.now_ms())
    say(masked(phone))

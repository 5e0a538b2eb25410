"""`posapp doctor`: looks a till over from outside and says what to do; it may run beside a selling till."""

from __future__ import annotations

import os
import platform
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
from sqlalchemy import select

from drivers.contracts import MISSING, Reason, Text
from posapp import db, devices, journal, tables
from posapp.calls import Head, HelloRequest
from posapp.chain import Broken, check_chain, check_entry, key_id, load_public, read_header
from posapp.clock import MINUTE, Clock
from posapp.errors import PosError
from posapp.ids import Chance, b64u, till_name, unb64u
from posapp.keys import Certificate, TillKeys, check_certificate
from posapp.messages import PROTOCOL
from posapp.setup.capabilities import MANAGER_MS, WARN_MS
from posapp.setup.words import Pair, size, span, trouble_words
from posapp.sync import push
from posapp.sync.client import Carrier, Client
from posapp.sync.enrol import KEYS_FILE, open_keys
from posapp.sync.pull import pulled_at, settings_values
from posapp.version import VERSION

LAST = 500
"""So many of the last entries are verified; all of them is what `posapp verify` does."""

APART_MS = 2 * MINUTE
"""Clocks that are further apart are worth mending."""

_SAMPLE = "牛鲜曲奇口红裱花会员积分找零饕餮龘"

State = Literal["ok", "look", "broken"]
NOTHING: Pair = ("", "")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor. name: one word; title, found and todo: Chinese and English."""

    name: str
    title: Pair
    state: State
    found: Pair
    todo: Pair = NOTHING


def examine(data: Path, state: Path, clock: Clock, chance: Chance, carrier: Carrier) -> Iterator[Finding]:
    """Everything there is to look at, one finding after the other; raises nothing for what is wrong with the till."""
    yield Finding(
        "version",
        ("版本", "Version"),
        "ok",
        (f"posapp {VERSION},Python {platform.python_version()},{platform.system()}",) * 2,
    )
    yield _guarded("fonts", ("字体", "Fonts"), _fonts)
    yield _guarded("disk", ("磁盘", "Disk"), lambda title: _disk(data, title))
    yield _guarded("state", ("钥匙文件夹", "State folder"), lambda title: _state_folder(state, title))
    yield from _devices(data, state)
    keys: list[TillKeys] = []
    yield _guarded("keys", ("注册", "Enrolment"), lambda title: _keys(data, state, keys, title))
    if keys and (data / "till.db").exists():
        yield from _books(data, state, keys[0], clock, Client(keys[0], carrier, clock, chance))
    elif keys:
        todo = ("运行 posapp till 开始使用", "start it with posapp till")
        yield Finding("files", ("数据文件", "Data files"), "look", ("还没有用过", "never used yet"), todo)


def _guarded(name: str, title: Pair, look: Callable[[Pair], Finding]) -> Finding:
    """What a look finds; one that fails is itself a finding."""
    try:
        return look(title)
    except PosError as error:
        return Finding(name, title, "broken", (error.sentence("zh"), error.sentence("en")))
    except Exception as error:  # noqa: BLE001  (a doctor tells, also of what nobody thought of)
        told = f"{type(error).__name__}: {error}"[:200]
        return Finding(name, title, "broken", (told, told), ("请把这一行交给技术支持", "give this line to support"))


# --- the computer ---


def _fonts(title: Pair) -> Finding:
    """Whether Chinese letters are really drawn, as a printer would get them."""
    none = devices.preview((Text(MISSING),), 58)
    missing = "".join(letter for letter in _SAMPLE if devices.preview((Text(letter),), 58) == none)
    if missing:
        todo = ("请重新安装程序", "install the program again")
        return Finding("fonts", title, "broken", (f"画不出 {missing}", f"these cannot be drawn: {missing}"), todo)
    return Finding("fonts", title, "ok", ("汉字字形齐全", "Chinese letters are there"))


def _disk(data: Path, title: Pair) -> Finding:
    held = next(folder for folder in (data, *data.parents) if folder.exists())
    free = shutil.disk_usage(held).free
    found = f"剩余 {size(free)}", f"{size(free)} left"
    todo = ("请清理磁盘", "make room on the disk")
    if free <= db.DISK_RESERVE:
        return Finding("disk", title, "broken", found, todo)
    if free <= 3 * db.DISK_RESERVE:
        return Finding("disk", title, "look", found, todo)
    return Finding("disk", title, "ok", found)


def _state_folder(state: Path, title: Pair) -> Finding:
    if not state.exists():
        todo = ("请运行 posapp enrol URL CODE", "run posapp enrol URL CODE")
        return Finding("state", title, "broken", (f"没有 {state}", f"{state} is not there"), todo)
    if not os.access(state, os.R_OK | os.W_OK | os.X_OK):
        todo = ("请用收银程序的用户运行,或改正权限", "run as the till's own user, or mend its permissions")
        return Finding("state", title, "broken", (f"无法读写 {state}", f"{state} cannot be read and written"), todo)
    paths = (state, state / KEYS_FILE)
    if os.name == "posix" and (open_ := [path for path in paths if path.exists() and _is_open(path)]):
        told = ", ".join(map(str, open_))
        todo = (f"chmod go-rwx {told}",) * 2
        return Finding("state", title, "look", (f"别的用户也能读 {told}", f"others can read {told}"), todo)
    return Finding("state", title, "ok", (str(state),) * 2)


def _is_open(path: Path) -> bool:
    """Whether others than the owner may do anything with it."""
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def _keys(data: Path, state: Path, held: list[TillKeys], title: Pair) -> Finding:
    keys = open_keys(data, state)
    held.append(keys)
    assert keys.certificate
    name = till_name(keys.certificate.store, keys.certificate.till)
    return Finding("keys", title, "ok", (f"{name},总部 {keys.hq_url}", f"{name} of {keys.hq_url}"))


# --- devices ---


def _devices(data: Path, state: Path) -> Iterator[Finding]:
    title: Pair = ("设备", "Devices")
    try:
        configured = devices.read(state / devices.DEVICES_FILE)
    except PosError as error:
        yield Finding("devices", title, "broken", (error.sentence("zh"), error.sentence("en")))
        return
    if not configured:
        todo = ("在收银台的设备页添加", "add them on the till's devices page")
        yield Finding("devices", title, "look", ("没有设置任何设备", "no device is set up"), todo)
    for name, one in configured.items():
        own: Pair = (f"设备 {name}", f"Device {name}")
        yield _guarded(f"device:{name}", own, lambda title, name=name, one=one: _device(name, one, title))  # type: ignore[misc]
    doubtful = list((data / "devices").glob("*/*.doubtful"))
    if doubtful:
        found = f"{len(doubtful)} 张小票不知道有没有打出来", f"nobody knows whether {len(doubtful)} receipts came out"
        todo = ("看看打印机,没有的请重打", "print again what is missing")
        yield Finding("spool", ("打印队列", "Print queue"), "look", found, todo)


def _device(name: str, one: devices.Configured, title: Pair) -> Finding:
    status = devices.state_of(one.kind, one.driver, one.options)
    if status.trouble is None:
        return Finding(f"device:{name}", title, "ok", (f"{one.driver} 正常", f"{one.driver} is ready"))
    why, todo = trouble_words(status.trouble)
    found = f"{one.driver}: {why[0]}", f"{one.driver}: {why[1]}"
    if status.trouble is Reason.BUSY:
        todo = ("收银程序正在用它时是正常的", "while the till's program has it, that is as it should be")
    is_look = status.trouble in (Reason.BUSY, Reason.UNKNOWN)
    return Finding(f"device:{name}", title, "look" if is_look else "broken", found, todo)


# --- what needs the till's files ---


def _books(data: Path, state: Path, keys: TillKeys, clock: Clock, client: Client) -> Iterator[Finding]:
    folders: list[db.Folder] = []
    with ExitStack() as opening:

        def files(title: Pair) -> Finding:
            folder = db.Folder(data, unb64u(keys.database), lock=False)
            opening.callback(folder.close)
            folders.append(folder)
            for file in (folder.till, folder.feed, folder.draft):
                with db.telling(file.path):
                    file.check()
            sizes = sum((data / f"{name}.db").stat().st_size for name in ("till", "feed", "draft"))
            told = f"三个文件完好,共 {size(sizes)}", f"three sound files, {size(sizes)}"
            return Finding("files", title, "ok", told)

        yield _guarded("files", ("数据文件", "Data files"), files)
        if folders:
            folder = folders[0]
            yield _guarded("chain", ("流水", "Journal"), lambda title: _chain(folder, keys, state, title))
            yield _guarded("hq", ("总部", "Headquarters"), lambda title: _hq(folder, client, clock, title))
            yield _guarded("clock", ("时钟", "Clock"), lambda title: _clock(client, title))
            yield _guarded("upload", ("上传", "Sending"), lambda title: _upload(folder, clock, title))
            yield _guarded("prices", ("价格", "Prices"), lambda title: _prices(folder, clock, title))


def _chain(folder: db.Folder, keys: TillKeys, state: Path, title: Pair) -> Finding:
    with folder.till.reading() as conn:
        heads = journal.epochs(conn)
        head = heads[-1] if heads else None
        if head is None or head.seq == 0:
            return Finding("chain", title, "look", ("还没有记录", "no entries yet"))
        first = max(1, head.seq - LAST)
        held = journal.entries(conn, head.epoch, first - 1)
        stored = conn.execute(
            select(tables.epoch.c.certificate).where(tables.epoch.c.ordinal == head.epoch)
        ).scalar_one()
    todo = ("请停用这台收银台,保留数据并联系总部", "stop this till, keep its data and call headquarters")
    try:
        certificate = msgspec.json.decode(stored, type=Certificate)
        check_certificate(certificate, keys.hq_key)
        public = unb64u(certificate.journal_key)
        own = {key_id(public): load_public(public)}
        check_entry(held[0], own.get)
        last, _ = check_chain(held[1:], head.jid, first + 1, held[0].hash, own.get)
    except Broken as broken:
        found = f"第 {broken.seq} 条: {broken.why[0]}", f"entry {broken.seq}: {broken.why[1]}"
        return Finding("chain", title, "broken", found, todo)
    marked = _marked(state)
    known = next((one.seq for one in heads if marked and one.jid == marked.jid), 0)
    if marked and marked.seq > known:
        found = f"应有第 {marked.seq} 条,末尾却是 {known}", f"there should be entry {marked.seq}, the last is {known}"
        return Finding("chain", title, "broken", found, todo)
    found = f"最后 {len(held)} 条完好,共 {last} 条", f"the last {len(held)} of {last} entries are sound"
    return Finding("chain", title, "ok", found)


def _marked(state: Path) -> journal.Marked | None:
    path = state / journal.MARK_FILE
    if not path.exists():
        return None
    mark = journal.Mark(path)
    try:
        return mark.read()
    finally:
        mark.close()


def _hq(folder: db.Folder, client: Client, clock: Clock, title: Pair) -> Finding:
    with folder.till.reading() as conn:
        heads = journal.epochs(conn)
        entry = journal.entry_at(conn, heads[-1].epoch, heads[-1].seq) if heads else None
    waiting = push.backlog(folder)
    boot = read_header(entry.header).boot if entry else ""
    asked = clock.monotonic_ms()
    hello = HelloRequest(
        protocol=PROTOCOL,
        program=VERSION,
        boot=boot,
        heads=[Head(head.jid, head.seq, b64u(head.hash)) for head in heads],
        wall=clock.now_ms(),
        unsent=waiting.unsent,
        oldest_unsent=waiting.oldest,
    )
    answer = client.hello(hello)
    travel = clock.monotonic_ms() - asked
    client.offset_ms = answer.server - (hello.wall + travel // 2)
    return Finding("hq", title, "ok", (f"{travel} 毫秒应答", f"answered in {travel} ms"))


def _clock(client: Client, title: Pair) -> Finding:
    if not client.last_contact:
        found = ("总部没有应答,无法对时", "headquarters did not answer")
        return Finding("clock", title, "look", found)
    apart = span(abs(client.offset_ms))
    found = f"与总部相差 {apart[0]}", f"{apart[1]} from headquarters'"
    todo = ("请核对电脑的日期和时间", "set this computer's date and time")
    return Finding("clock", title, *(("look", found, todo) if abs(client.offset_ms) > APART_MS else ("ok", found)))


def _upload(folder: db.Folder, clock: Clock, title: Pair) -> Finding:
    waiting = push.backlog(folder)
    if not waiting.unsent:
        return Finding("upload", title, "ok", ("全部已上传", "everything is sent"))
    since = span(clock.now_ms() - waiting.oldest)
    found = (
        f"{waiting.unsent} 条没有上传,最早的是 {since[0]}前",
        f"{waiting.unsent} entries are not sent, the oldest is {since[1]} old",
    )
    return Finding("upload", title, "look", found, ("联网后会自动上传", "they are sent once the network is back"))


def _prices(folder: db.Folder, clock: Clock, title: Pair) -> Finding:
    at = pulled_at(folder).get("prices", 0)
    todo = ("请联网同步", "connect and sync")
    if not at:
        return Finding("prices", title, "broken", ("还没有收到总部的价格", "no prices have come yet"), todo)
    age = clock.now_ms() - at
    since = span(age)
    found = f"{since[0]}前与总部核对过", f"compared with headquarters {since[1]} ago"
    state: State = "broken" if age > MANAGER_MS else "look" if age > WARN_MS else "ok"
    return Finding("prices", title, state, found, todo if state != "ok" else NOTHING)


# --- telling ---

_WORDS: dict[str, Pair] = {"ok": ("正常", "ok"), "look": ("注意", "look"), "broken": ("故障", "broken")}


def line(finding: Finding, language: str) -> str:
    """A finding as it stands on the terminal: what was found, below it what to do."""
    place = 1 if language == "en" else 0
    told = f"[{_WORDS[finding.state][place]}] {finding.title[place]}: {finding.found[place]}"
    return f"{told}\n       {finding.todo[place]}" if finding.todo[place] else told


def as_json(findings: list[Finding], language: str) -> str:
    place = 1 if language == "en" else 0
    rows = [
        {
            "name": one.name,
            "title": one.title[place],
            "state": one.state,
            "found": one.found[place],
            "todo": one.todo[place],
        }
        for one in findings
    ]
    is_sound = all(one.state != "broken" for one in findings)
    return msgspec.json.encode({"ok": is_sound, "findings": rows}).decode()


def language_of(data: Path, state: Path) -> str:
    """The store's language; Chinese where it cannot be read."""
    try:
        keys = open_keys(data, state)
        if not (data / "feed.db").exists():
            return "zh"
        folder = db.Folder(data, unb64u(keys.database), lock=False)
        try:
            with folder.feed.reading() as conn:
                return settings_values(conn).get("language", "zh")
        finally:
            folder.close()
    except (PosError, *db.Error):
        return "zh"

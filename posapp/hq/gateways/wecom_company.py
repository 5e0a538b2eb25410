"""What a simulated company in WeCom is made of: employees, codes, groups, customers, and calls that are refused."""

from __future__ import annotations

from dataclasses import dataclass, field


class Refused(Exception):
    """A call is answered with this errcode."""

    def __init__(self, errcode: int) -> None:
        super().__init__(str(errcode))
        self.errcode = errcode


@dataclass
class Member:
    """An employee. is_active, is_verified: without both no code can be made."""

    userid: str
    is_active: bool = True
    is_verified: bool = True
    is_resigned: bool = False


@dataclass
class Way:
    """A contact way; `turn` deals several members out in turn."""

    config_id: str
    users: list[str]
    state: str
    remark: str
    made: int
    turn: int = 0


@dataclass
class Room:
    """A group chat: who is in it, with the state of the code they came by."""

    chat_id: str
    name: str
    owner: str
    members: dict[str, tuple[int, str]] = field(default_factory=dict)


@dataclass
class JoinWay:
    """A group's code; when its rooms are full another is opened."""

    config_id: str
    rooms: list[str]
    state: str
    name: str
    opened: int = 1


@dataclass
class Customer:
    """A person in WeChat. unionid is told only where the company has bound a developer account."""

    external_userid: str
    name: str
    unionid: str


@dataclass
class Move:
    """A transfer under way: status as WeCom counts it (1 done, 2 waiting, 3 refused, 4 the clerk is full)."""

    giver: str
    taker: str
    customer: str
    status: int = 2
    at: int = 0


@dataclass
class Greeting:
    """A welcome that was sent."""

    userid: str
    customer: str
    text: str

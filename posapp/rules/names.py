"""What is shown of a person's name."""

from __future__ import annotations


def masked_name(initial: str, tail: str = "") -> str:
    """All that is shown of somebody: the surname's initial and, where it is told, the phone's last two digits."""
    return f"{initial or '*'}** {tail}".strip()

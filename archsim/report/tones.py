"""What colours stand for in reports."""

from __future__ import annotations

from enum import StrEnum


class Tone(StrEnum):
    """What a colour stands for; each renderer has colours of its own that stay apart for every eye."""

    KEPT = "kept"
    LOST = "lost"
    GAINED = "gained"
    LOWER = "lower"
    HIGHER = "higher"
    PRODUCT = "product"
    CONVERSION = "conversion"
    DIGITAL = "digital"
    TRANSPORT = "transport"
    MEMORY = "memory"
    HOST = "host"
    WAITING = "waiting"

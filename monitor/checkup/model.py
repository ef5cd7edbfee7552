"""One thing that was looked at."""

from typing import Literal

import msgspec


class Check(msgspec.Struct, frozen=True):
    """`remedy` is empty where nothing needs doing."""

    what: str
    state: Literal["ok", "warning", "error"]
    found: str
    remedy: str = ""

"""The receivers of the tests and of the demo take and refuse as they say; the channels are true against them."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from monitor import channels
from monitor.demo.server import Response, Web
from monitor.demo.sinks import Sinks
from monitor.message import Style, trial_message


def load() -> ModuleType:
    """tests/e2e/receivers.py: the tests are no package, so that it is loaded by its path."""
    path = Path(__file__).parents[1] / "e2e" / "receivers.py"
    spec = importlib.util.spec_from_file_location("receivers", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["receivers"] = module
    spec.loader.exec_module(module)
    return module


receivers = load()
MESSAGE = trial_message("office", "2026-01-30T00:30:00Z", Style())

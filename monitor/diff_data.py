"""A change as programs read it: the JSON of `nianbao diff` and `nianbao compare`, documented in docs/cli.md. Pure."""

from collections.abc import Sequence
from typing import Any

import msgspec

from monitor.diff import AttachmentChange, Change
from monitor.diff_render import summary
from monitor.findings import Finding
from monitor.findings.compared import Compared


def as_data(change: Change) -> dict[str, Any]:
    """Everything that differs, each under the same keys wherever it is told."""
    return {
        "same": change.empty,
        "summary": summary(change),
        "fields": [{"name": one.name, "old": one.old, "new": one.new} for one in change.fields],
        "cells": [msgspec.to_builtins(cell) for cell in change.cells],
        "tables": [msgspec.to_builtins(grid) for grid in change.grids],
        "text": [msgspec.to_builtins(sentence) for sentence in change.text],
        "attachments": [_attachment(one) for one in change.attachments],
    }


def _attachment(one: AttachmentChange) -> dict[str, Any]:
    within = as_data(one.within) if one.within is not None else None
    return {"change": one.change, "name": one.name, "kind": one.kind, "url": one.url, "within": within}


def findings_data(effect: Compared) -> dict[str, Any]:
    """What came with a change, and what went with it."""
    return {"caused": _findings(effect.caused), "cured": _findings(effect.cured)}


def _findings(found: Sequence[Finding]) -> list[Any]:
    return [msgspec.to_builtins(one) for one in found]

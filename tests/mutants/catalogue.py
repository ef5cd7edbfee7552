"""All mutants, read from the `.toml` files beside this module: one `[[mutant]]` each, as `Mutant` says.

`ALL` in the order of the law; `DETECTION` those that the scripted world could notice, which hears of no delivery.
"""

import tomllib
from pathlib import Path

import msgspec

from tests.mutants.law import LAW
from tests.mutants.mutant import Mutant

_DELIVERY = ("rule 8", "rule 14", "legal/withdrawn")
_DELIVERING = (
    "monitor/chat.py",
    "monitor/due.py",
    "monitor/outbox.py",
    "monitor/outbox_store.py",
    "monitor/recipients.py",
)


class Sheet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of mutants."""

    mutant: tuple[Mutant, ...]


def load(folder: Path) -> tuple[Mutant, ...]:
    """The mutants of a folder. Raises ValueError: a field is missing, a name given twice, a law that is none."""
    found: list[Mutant] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            found += msgspec.convert(tomllib.loads(path.read_text("utf-8")), Sheet).mutant
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            raise ValueError(f"{path.name}: {error}") from error
    for mutant in found:
        if mutant.law not in LAW:
            raise ValueError(f"{mutant.name}: the law has no {mutant.law!r}")
        if sum(other.name == mutant.name for other in found) > 1:
            raise ValueError(f"{mutant.name}: two mutants have this name")
    order = list(LAW)
    return tuple(sorted(found, key=lambda mutant: order.index(mutant.law)))


ALL = load(Path(__file__).parent)
DETECTION = tuple(one for one in ALL if one.law not in _DELIVERY and one.file not in _DELIVERING)

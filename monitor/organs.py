"""Organs within settle's transaction: new ones, and the names that known ones were printed under."""

import msgspec

from crawler.page.chinese import is_traditional
from monitor.identity import OrganRow, organ_key, organ_name
from monitor.record import PortalRecord
from monitor.store import Store


class OrganLedger:
    """The organs' part of one pass."""

    def __init__(self, store: Store, record: PortalRecord) -> None:
        self.store = store
        self.record = record
        self._by_name = {organ_name(organ.name): organ for organ in record.organs}

    def row(self, organ: OrganRow) -> OrganRow:
        """An organ as the record has it; written if it is new."""
        name = organ_name(organ.name)
        if organ.id:
            return organ
        if name not in self._by_name:
            number = self.store.insert("organs", {"portal": self.record.name, "name": name, "kind": organ.kind})
            self._by_name[name] = msgspec.structs.replace(organ, id=number, name=name)
            self.record.organs.append(self._by_name[name])
        return self._by_name[name]

    def note_alias(self, organ: OrganRow, printed: str) -> None:
        """Notes a name under which an organ was printed. What a converter makes of a name that is known is no other."""
        name, known = organ_name(printed), (organ.name, *organ.aliases)
        if not printed or name in map(organ_name, known):
            return
        if is_traditional(printed) and organ_key(printed) in map(organ_key, known):
            return
        row = self.store.row("SELECT aliases FROM organs WHERE id = ?", (organ.id,))
        aliases = set(msgspec.json.decode(row["aliases"], type=list[str])) if row else set()
        if name not in aliases:
            encoded = msgspec.json.encode(sorted(aliases | {name})).decode()
            self.store.update("organs", organ.id, {"aliases": encoded})

"""HOME/told.jsonl: what receivers took, a line for each event and channel, written the moment the receiver says so.

In: deliveries whose message was taken, before the record is marked. Out, when the record is opened again: deliveries that
a crash left in doubt are marked sent; and where the record was replaced by an older copy (a backup that was restored),
what was told since is remembered in the table `told`, so that nobody is told again what the next passes find again.
Where the journal is gone too, what they find is marked as a possible repeat.

Append-only, each append one write and one fsync; a last line that a crash tore is passed over. A journal that cannot be
written stops no message: the record is marked all the same, and a line in the log says so.
"""

import json
import logging
import os
import secrets
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from monitor.event_detail import Detail, decode
from monitor.outbox_store import UNCERTAIN
from monitor.statements import said, subject
from monitor.store import Row, Store

log = logging.getLogger(__name__)

FILE = "told.jsonl"
TOLD_BEFORE = "恢复备份前已发送"
"""`last_error` of a delivery that was sent by a record which was lost."""
PERHAPS_TOLD = f"{UNCERTAIN}恢复备份后首次读取"

_ID, _OFFSET, _LOST = "journal_id", "journal_offset", "journal_lost_after"
_LISTS = frozenset({"delisted", "relisted"})
_APPENDING = threading.Lock()


class Entry(msgspec.Struct, frozen=True):
    """A line of the journal."""

    key: str
    """The event's."""
    said: str
    """What it says (monitor.statements)."""
    channel: str
    purpose: str
    at: str
    """UTC."""


def beside(store: Store) -> Path | None:
    """Where the journal of a record lies; None for one that is no file."""
    file = next(row["file"] for row in store.rows("PRAGMA database_list") if row["name"] == "main")
    return Path(file).with_name(FILE) if file else None


# Writing -----------------------------------------------------------------------------------------------------------


def note(store: Store, ids: Iterable[int], at: str) -> None:
    """The receiver took the message of these deliveries. Never raises for a disk that cannot be written."""
    path = beside(store)
    if path is None:
        return
    entries = []
    for key in ids:
        sql = f"SELECT {_COLUMNS}, d.channel, d.purpose {_FROM} JOIN deliveries d ON d.event = e.id WHERE d.id = ?"
        row = store.row(sql, (key,))
        if row is not None:
            entries.append(Entry(row["key"], _said(row), row["channel"], row["purpose"], at))
    try:
        append(path, entries)
    except OSError as error:
        log.error("%s: %s: that %d alerts were sent is noted in the record only", path, error.strerror, len(entries))


def append(path: Path, entries: Sequence[Entry]) -> None:
    """Adds lines, durably. Raises OSError."""
    data = b"".join(msgspec.json.encode(entry) + b"\n" for entry in entries)
    with _APPENDING:
        new = not path.exists()
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            size = os.fstat(handle).st_size
            if not size:
                data = _first_line() + data
            elif os.pread(handle, 1, size - 1) != b"\n":
                data = b"\n" + data  # a crash tore the last line
            while data:
                data = data[os.write(handle, data) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        if new:
            _sync_folder(path.parent)


def _first_line() -> bytes:
    """Tells one journal from another."""
    return json.dumps({"journal": secrets.token_hex(8)}).encode() + b"\n"


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# Reading -----------------------------------------------------------------------------------------------------------


def reconcile(store: Store, path: Path | None = None) -> int:
    """Makes the record know what the journal (default: the one beside it) says beyond what it has read of it. Returns how
    many deliveries are marked sent that were not. Never raises for a journal that cannot be read or made."""
    path = path or beside(store)
    if path is None:
        return 0
    try:
        if not path.exists():
            append(path, ())
        identity, start = _position(store, path)
        entries, end = _read(path, start or 0)
    except OSError as error:
        log.error("%s: %s: what it says cannot be compared with the record", path, error.strerror)
        return 0
    if start == end:
        return 0
    with store.transaction():
        if start is None and _note(store, _ID):
            log.warning("%s is not the journal of this record: what the next passes find may have been told", path)
            last = store.row("SELECT coalesce(max(id), 0) AS id FROM crawls")
            _write_note(store, _LOST, str(last["id"] if last else 0))
        marked = sum(_apply(store, entry) for entry in entries)
        _write_note(store, _ID, identity)
        _write_note(store, _OFFSET, str(end))
    if marked:
        log.warning("%s: %d alerts were sent already, as it says", path, marked)
    return marked


def _position(store: Store, path: Path) -> tuple[str, int | None]:
    """The journal's first line, and up to where the record knows it; None: it knows another one, or none."""
    with path.open("rb") as file:
        identity = file.readline(1000).decode(errors="replace").strip()
        size = file.seek(0, os.SEEK_END)
    offset = int(_note(store, _OFFSET) or 0)
    known = _note(store, _ID) == identity and offset <= size
    return identity, offset if known else None


def _read(path: Path, start: int) -> tuple[list[Entry], int]:
    """The entries after byte `start`, and the end of the last whole line."""
    with path.open("rb") as file:
        file.seek(start)
        data = file.read()
    whole = data[: data.rfind(b"\n") + 1]
    entries = []
    for line in whole.split(b"\n"):
        try:
            entries.append(msgspec.json.decode(line, type=Entry))
        except (msgspec.DecodeError, msgspec.ValidationError):
            continue  # the first line, or one that a crash tore
    return entries, start + len(whole)


def _apply(store: Store, entry: Entry) -> int:
    """Makes the record know of a line. Returns how many deliveries it marks."""
    about = subject(entry.key, entry.said, entry.purpose)
    row = store.row(
        f"SELECT {_COLUMNS}, d.id AS delivery, d.state {_FROM} JOIN deliveries d ON d.event = e.id "
        "WHERE e.key = ? AND d.channel = ? AND d.purpose = ?",
        (entry.key, entry.channel, entry.purpose),
    )
    if row is None or _said(row) != entry.said:
        store.run(
            "INSERT OR REPLACE INTO told (subject, channel, purpose, said, sent_at) VALUES (?, ?, ?, ?, ?)",
            (about, entry.channel, entry.purpose, entry.said, entry.at),
        )
        return 0
    _forget(store, about, entry.channel, entry.purpose)
    if row["state"] == "sent":
        return 0
    error = "" if row["state"] == "sending" else TOLD_BEFORE
    store.run(
        "UPDATE deliveries SET state = 'sent', sent_at = ?, last_error = ? WHERE id = ?",
        (entry.at, error, row["delivery"]),
    )
    return 1


def _forget(store: Store, about: str, channel: str, purpose: str) -> None:
    store.run("DELETE FROM told WHERE subject = ? AND channel = ? AND purpose = ?", (about, channel, purpose))


def _note(store: Store, name: str) -> str:
    row = store.row("SELECT value FROM notes WHERE name = ?", (name,))
    return row["value"] if row else ""


def _write_note(store: Store, name: str, value: str) -> None:
    store.run("INSERT OR REPLACE INTO notes (name, value) VALUES (?, ?)", (name, value))


# What a new event may find told ------------------------------------------------------------------------------------


class Memory:
    """What a record that was lost told, for events that are found again. Within the caller's transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._anything = store.row("SELECT 1 FROM told LIMIT 1") is not None
        lost = _note(store, _LOST)
        self._lost_after = int(lost) if lost else None

    def told_at(self, event: int, channel: str, purpose: str = "event") -> str | None:
        """When the channel was told the same of the same, last of all that it was told of it; None: it was not. What the
        event says is then the last that it was told: the memory of it goes."""
        if not self._anything:
            return None
        row = self._row(event)
        says = _said(row)
        about = subject(row["key"], says, purpose)
        told = self._store.row(
            "SELECT said, sent_at FROM told WHERE subject = ? AND channel = ? AND purpose = ?",
            (about, channel, purpose),
        )
        if told is None:
            return None
        same = told["said"] == says and not _otherwise_since(row, told["sent_at"])
        if same or row["detected_at"] > told["sent_at"]:
            _forget(self._store, about, channel, purpose)
        return told["sent_at"] if same else None

    def perhaps(self, event: int) -> bool:
        """Whether an event may have been told by a record of which not even the journal is left: it is found by the first
        pass since then that could."""
        if self._lost_after is None:
            return False
        row = self._row(event)
        if row["crawl"] is None:
            return False
        verified = "" if row["kind"] in _LISTS else _verified(row)
        if verified:
            first = self._store.row(
                "SELECT started_at FROM crawls WHERE id > ? ORDER BY id LIMIT 1", (self._lost_after,)
            )
            return first is None or verified < first["started_at"]
        earlier = self._store.row(
            "SELECT 1 FROM crawls WHERE id > ? AND id < ? AND portal = ? AND mode = 'full' AND outcome = 'ok'",
            (self._lost_after, row["crawl"], row["portal"]),
        )
        return earlier is None

    def _row(self, event: int) -> Row:
        row = self._store.row(f"SELECT {_COLUMNS} {_FROM} WHERE e.id = ?", (event,))
        assert row is not None
        return row


_COLUMNS = "e.key, e.kind, e.detail, e.detected_at, e.crawl, e.portal, v.content_hash, p.last_complete_at"
_FROM = "FROM events e LEFT JOIN versions v ON v.id = e.to_version LEFT JOIN portals p ON p.name = e.portal"


def _said(row: Row) -> str:
    return said(row["kind"], _detail(row), row["content_hash"] or "")


def _detail(row: Row) -> Detail | None:
    try:
        return decode(row["kind"], row["detail"])
    except ValueError:  # by another release: such an event is told as a failure of ours, and stops no other
        return None


def _verified(row: Row) -> str:
    """When its report was last read as it had been, before the event."""
    return str(getattr(_detail(row), "last_verified_at", ""))


def _otherwise_since(row: Row, told_at: str) -> bool:
    """Whether things were seen as they had been after it was told: then it has happened anew."""
    if row["kind"] == "portal_down":
        return (row["last_complete_at"] or "") > told_at
    return row["kind"] not in _LISTS | {"service"} and _verified(row) > told_at

"""An export, from the record to the disk or a stream. One snapshot of the record, however long it takes."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec

from monitor.export import package
from monitor.export.columns import Table
from monitor.export.files import DESCRIPTOR, whole_file, whole_folder
from monitor.export.package import Written
from monitor.export.selection import Cells, Selection, count, narrowed, rows
from monitor.export.writers import Content, Format, write_csv, write_json, write_parquet, write_xlsx
from monitor.store import Store

Progress = Callable[[str, int, int], None]
"""Told a table's title, how much of it is done, and of how much."""


class Export:
    """What is to be written: some tables, narrowed by a selection."""

    def __init__(self, store: Store, tables: Sequence[Table], selection: Selection, progress: Progress) -> None:
        self.store = store
        self.selection = selection
        self.tables = [narrowed(table, selection) for table in tables]
        self.progress = progress

    def to_stream(self, out: IO[bytes], form: Format, *, bom: bool = False) -> int:
        """One table (XLSX: all of them). How many rows."""
        with self._snapshot():
            return sum(self._write(out, form, bom=bom).values())

    def to_file(self, path: Path, form: Format, *, bom: bool) -> list[Written]:
        """One file with one table (XLSX: with all of them). Raises files.Unwritable, OSError."""
        with self._snapshot(), whole_file(path) as out:
            counts = self._write(out, form, bom=bom)
            size, digest = _measured(out)
        return [Written(table, str(path), counts[table.name], size, digest) for table in self.tables]

    def to_folder(self, folder: Path, form: Format, *, bom: bool) -> list[Written]:
        """A file a table. Raises files.Unwritable, OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        with self._snapshot():
            return [self._one(table, folder / f"{table.name}.{form}", form, bom=bom) for table in self.tables]

    def to_package(
        self, folder: Path, form: Format, created: str, filters: dict[str, str], *, bom: bool
    ) -> list[Written]:
        """A data package: the whole folder at once. Raises files.Unwritable, OSError."""
        with self._snapshot(), whole_folder(folder) as partial:
            files = [self._one(table, partial / f"{table.name}.{form}", form, bom=bom) for table in self.tables]
            files = [msgspec.structs.replace(one, file=Path(one.file).name) for one in files]
            told = package.descriptor(files, form, created, self._sources(), filters)
            (partial / package.NOTICE).write_text(package.notice(), encoding="utf-8")
            (partial / DESCRIPTOR).write_bytes(msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n")
        return files

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """All tables as they stood at one time: a pass that settles meanwhile is not half in it."""
        self.store.run("BEGIN")
        try:
            yield
        finally:
            self.store.run("ROLLBACK")

    def _one(self, table: Table, path: Path, form: Format, *, bom: bool) -> Written:
        with whole_file(path) as out:
            counts = self._write(out, form, bom=bom, tables=[table])
            size, digest = _measured(out)
        return Written(table, str(path), counts[table.name], size, digest)

    def _write(
        self, out: IO[bytes], form: Format, *, bom: bool, tables: Sequence[Table] | None = None
    ) -> dict[str, int]:
        tables = self.tables if tables is None else tables
        contents = (Content(table, self._followed(table)) for table in tables)
        if form == "xlsx":
            return write_xlsx(out, contents)
        [content] = contents
        match form:
            case "csv":
                written = write_csv(out, content, bom=bom)
            case "json":
                written = write_json(out, content)
            case "parquet":
                written = write_parquet(out, content)
        return {content.table.name: written}

    def _followed(self, table: Table) -> Iterable[Sequence[Cells]]:
        total = count(self.store, table, self.selection)
        self.progress(table.title, 0, total)
        for done, batch in enumerate(rows(self.store, table, self.selection), 1):
            yield batch
            self.progress(table.title, done, total)

    def _sources(self) -> list[dict[str, str]]:
        """The portals that the data comes from, with a section of each."""
        return [
            {key: value for key, value in row.items() if value}
            for row in self.store.rows(
                """SELECT p.title, (SELECT s.url FROM sections s WHERE s.portal = p.name AND s.active
                    ORDER BY s.rowid LIMIT 1) AS path
                FROM portals p WHERE EXISTS (SELECT 1 FROM reports r WHERE r.portal = p.name) AND (p.name = ? OR ? IS NULL)
                ORDER BY p.name""",
                (self.selection.portal, self.selection.portal),
            )
        ]


def _measured(out: IO[bytes]) -> tuple[int, str]:
    """Size and SHA-256 of what was written; of a pipe nobody can tell."""
    if not out.seekable() or not out.readable():
        return 0, ""
    out.seek(0)
    digest = hashlib.sha256()
    size = 0
    while piece := out.read(1 << 20):
        digest.update(piece)
        size += len(piece)
    return size, digest.hexdigest()

"""An evidence bundle: one ZIP with all that shows what became of a report, for someone who has no nianbao.

In: a report's `History`. Out: captured responses (WARC, byte for byte as they lie in the archive), the texts of its
versions, the record as JSON, a page in Chinese that says what happened, a manifest with SHA-256 hashes and the chain of
versions, and a script that checks them. Deterministic: one record gives one file, whoever writes it and when.
"""

import hashlib
import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from monitor import bundle_check
from monitor.archive import ArchiveError, article_parts, read_capture
from monitor.history import ZONE, History
from monitor.history_words import history_lines
from monitor.markup import printable

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The date that a ZIP gives its files: what a bundle says must not depend on when it was written."""
_CHAIN = (
    "body_hash = SHA-256 of page_hash, the parts' and the attachments' sha256, one a line; previous_hash = SHA-256 of the version "
    "before: previous_hash, body_hash, captured_at, archive_ref, one a line; empty for the first"
)


class Bundle(msgspec.Struct, frozen=True):
    """What was written."""

    sha256: str
    """Of the ZIP."""
    files: int
    captures: int
    missing: tuple[str, ...]
    """References that cannot be opened."""


def write_bundle(history: History, path: Path) -> Bundle:
    """Writes the bundle to `path`; what stood there is replaced once the new one is whole. Raises OSError."""
    files, captures, missing = bundle_files(history)
    partial = path.with_name(f".{path.name}.partial")
    with zipfile.ZipFile(partial, "w") as target:
        for name, data in sorted(files.items()):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = 3
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_STORED if name.endswith(".gz") else zipfile.ZIP_DEFLATED
            target.writestr(info, data)
    partial.replace(path)
    return Bundle(hashlib.sha256(path.read_bytes()).hexdigest(), len(files), captures, tuple(missing))


def bundle_files(history: History) -> tuple[dict[str, bytes], int, list[str]]:
    """The files of a bundle by name, how many captures they hold, and the references that could not be opened."""
    assert history.archive is not None  # a bundle without captures proves nothing
    told = history.told()
    warcs = _Warcs(history.archive)
    for row in history.versions:
        warcs.add(row["archive_ref"], f"v{row['seq']}")
        for part in article_parts(history.store, row["archive_ref"]):
            warcs.add(part["archive_ref"], f"v{row['seq']} {part['url']}")
        for item in _attachments(history, row["id"]):
            warcs.add(item["archive_ref"], f"v{row['seq']} {item['name']}")
    for reading in history.readings:
        warcs.add(reading["archive_ref"], f"reading {reading['id']}")
        for section in history.sections(reading["crawl"]) if reading["counted"] else ():
            for ref in section["captures"]:
                warcs.add(ref, section["url"])
    for ref, label in history.captures(history.events):
        warcs.add(ref, label)
    files = {**warcs.files(), "record.json": _json(told), "check.py": Path(bundle_check.__file__).read_bytes()}
    versions = []
    for row in history.versions:
        name = f"versions/v{row['seq']}.txt"
        files[name] = f"{row['title']}\n{row['text']}\n".encode()
        keys = (
            *("seq", "captured_at", "url", "http_status", "significance", "content_hash", "text_hash", "body_hash"),
            *("page_hash", "archive_ref", "previous_hash"),
        )
        attachments = [
            {key: item[key] for key in ("url", "name", "sha256", "archive_ref")}
            for item in _attachments(history, row["id"])
        ]
        versions.append(
            {
                **{key: row[key] for key in keys},
                "text": name,
                "parts": article_parts(history.store, row["archive_ref"]),
                "attachments": attachments,
            }
        )
    manifest = {
        "format": 1,
        "report": {key: history.report[key] for key in ("portal", "organ", "year", "title", "url", "status")},
        "captures": warcs.captures,
        "missing": warcs.missing,
        "chain": _CHAIN,
        "versions": versions,
    }
    files["manifest.json"] = _json(manifest)
    files["说明.txt"] = _summary(told, len(warcs.captures), warcs.missing).encode()
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items()))
    return {**files, "SHA256SUMS": sums.encode()}, len(warcs.captures), warcs.missing


class _Warcs:
    """Captures, copied record by record out of the archive's files."""

    def __init__(self, archive: Path) -> None:
        self.archive = archive
        self.captures: list[dict[str, Any]] = []
        self.missing: list[str] = []
        self._parts: dict[str, bytes] = {}
        self._known: set[str] = set()

    def add(self, ref: str, label: str) -> None:
        """Copies the response behind a reference, and its request; each once."""
        if not ref or ref in self._known:
            return
        self._known.add(ref)
        name, _, offset = ref.rpartition("#")
        try:
            capture = read_capture(self.archive, ref)
            found = members(self.archive / name, int(offset), 2)
        except (ArchiveError, OSError, zlib.error):
            self.missing.append(ref)
            return
        file = f"warc/{name.replace('/', '-')}"
        if file not in self._parts:
            self._parts[file] = members(self.archive / name, 0, 1)
        self.captures.append(
            {
                "ref": ref,
                "label": label,
                "file": file,
                "offset": len(self._parts[file]),
                "url": capture.url,
                "status": capture.status,
                "captured_at": capture.captured_at,
                "sha256": hashlib.sha256(capture.body).hexdigest(),
            }
        )
        self._parts[file] += found

    def files(self) -> Mapping[str, bytes]:
        """The WARC files by name."""
        return self._parts


def members(path: Path, offset: int, count: int) -> bytes:
    """`count` gzip members from `offset` on, as they are."""
    found = b""
    with path.open("rb") as file:
        file.seek(offset)
        for _ in range(count):
            member = zlib.decompressobj(31)
            while not member.eof and (data := file.read(1 << 16)):
                member.decompress(data)
                found += data[: len(data) - len(member.unused_data)]
            file.seek(offset + len(found))
    return found


def _attachments(history: History, version: int) -> list[dict[str, Any]]:
    return history.store.rows("SELECT * FROM attachments WHERE version = ? ORDER BY id", (version,))


def _json(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def _summary(told: dict[str, Any], captures: int, missing: list[str]) -> str:
    """The page in Chinese."""
    lines = ["年报监测证据包", "", "时间均为北京时间。“读取 #N”是第 N 次读取；“计入”指该次读取计入撤下的确认次数。", ""]
    for indent, _, text in history_lines(told, ZONE):
        lines.append((" " * indent + printable(re.sub(r"[\t\n\r\x0b\x0c\x85\u2028\u2029]", " ", text))).rstrip())
    lines += [
        "",
        "核验",
        f"  warc/ 内有 {captures} 份当时的服务器响应，格式为 WARC（ISO 28500），可用 pywb、warcio 等软件打开。",
        "  SHA256SUMS 是全部文件的 SHA-256，可用 sha256sum -c SHA256SUMS 核对。",
        "  manifest.json 列出每份响应的文件、位置、哈希，以及各版本首尾相连的哈希链。",
        "  python check.py 一次核对全部内容，不需要安装其他软件。",
        "  versions/ 是各版本的文字，record.json 是完整记录。",
    ]
    lines += [f"  以下存档已无法打开：{ref}" for ref in missing]
    return "\n".join(lines) + "\n"

"""Checks an evidence bundle: python check.py in the unpacked folder. Python 3.9 or newer, nothing else.

It goes with every bundle (`nianbao show REPORT --evidence FILE`), so that a third party can check one without nianbao:
every file against SHA256SUMS, every captured response against its hash, the text and the chain of the versions.
"""

import hashlib
import json
import sys
import zlib
from pathlib import Path


def sha256(data: bytes) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(data).hexdigest()


def payload(path: Path, offset: int) -> bytes:
    """The body of the HTTP response in a WARC record: a gzip member of its own, which starts at `offset`."""
    record = zlib.decompressobj(31).decompress(path.read_bytes()[offset:])
    head, _, block = record.partition(b"\r\n\r\n")
    length = next(line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    return block[: int(length)].partition(b"\r\n\r\n")[2]


def check(folder: Path) -> "list[str]":
    """What is wrong with the bundle in `folder`, a sentence each."""
    wrong = []
    for line in (folder / "SHA256SUMS").read_text("utf-8").splitlines():
        expected, _, name = line.partition("  ")
        if sha256((folder / name).read_bytes()) != expected:
            wrong.append(f"{name}：文件已被改动")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    hashes = {}
    for capture in manifest["captures"]:
        try:
            hashes[capture["ref"]] = sha256(payload(folder / capture["file"], capture["offset"]))
        except (OSError, ValueError, zlib.error, StopIteration) as error:
            wrong.append(f"{capture['ref']}：无法读取（{error}）")
            continue
        if hashes[capture["ref"]] != capture["sha256"]:
            wrong.append(f"{capture['ref']}：响应内容与哈希不符")
    wrong += [f"{ref}：存档缺失" for ref in manifest["missing"]]
    before = None
    for version in manifest["versions"]:
        name = f"v{version['seq']}"
        if hashes.get(version["archive_ref"], version["page_hash"]) != version["page_hash"]:
            wrong.append(f"{name}：页面存档与记录不符")
        files = [*version["parts"], *version["attachments"]]
        for item in files:
            if hashes.get(item["archive_ref"], item["sha256"]) != item["sha256"]:
                wrong.append(f"{name}：{item['url']} 与记录不符")
        hashed = [version["page_hash"], *(item["sha256"] for item in files)]
        if sha256("\n".join(hashed).encode()) != version["body_hash"]:
            wrong.append(f"{name}：body_hash 不符")
        chain = ""
        if before is not None:
            keys = ("previous_hash", "body_hash", "captured_at", "archive_ref")
            chain = sha256("\n".join(before[key] for key in keys).encode())
        if version["previous_hash"] != chain:
            wrong.append(f"{name}：版本链断裂")
        before = version
    return wrong


def main() -> int:
    """Prints what was found; exit code 1 if anything is wrong."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
    wrong = check(folder if folder.is_dir() else folder.parent)
    sys.stdout.write("\n".join(wrong or ["核验通过：文件、响应、版本链均与清单一致"]) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

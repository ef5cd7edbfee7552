"""Writes new portal files: a proposal → TOML that a person likes to read, put in place whole or not at all.

In: a survey's proposal. Out: the text of a portal file (`compose`), parsed again before anybody sees it; and the file with its
saved pages in a home (`put`). Texts of pages stand in it as quoted strings and one-line comments: no title can end its string,
begin another key or steer a terminal.
"""

import contextlib
import errno
import os
import re
import shutil
import tempfile
import time
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from crawler.families import names
from crawler.page.address import bare, host_of
from crawler.portal import Portal, parse_portal
from crawler.scout.own import clean, registrable
from crawler.scout.survey_model import SavedFile, Survey
from monitor.saved_portal import folder_of

_WIDTH = 120
_KEYS = (
    "title", "family", "sections", "site_id", "organ", "formerly", "region", "level", "render", "enabled", "allowed_hosts",
    "verified", "proxy", "exit",
)  # fmt: skip
_REQUIRED = frozenset({"title", "family", "sections", "level"})
_COMMON = frozenset(
    {"www", "xxgk", "zwgk", "gk", "zyk", "web", "wap", "m", "portal", "public", "new", "old", "zfxxgk", "gov"}
)
"""Parts of host names that name no organ."""
_ESCAPED = {'"': '\\"', "\\": "\\\\"}


class Taken(ValueError):
    """A portal of that name is there already."""


def name_of(url: str) -> tuple[str, ...]:
    """Good names for a portal at an address, best first: `www.linhai.gov.cn` → linhai; `fgw.beijing.gov.cn` → beijing_fgw."""
    host = bare(host_of(url))
    own = registrable(host)
    if own:
        main = own.removesuffix(".gov.cn")
        parts = host.removesuffix(own).strip(".").split(".") if host != own else []
        telling = [part for part in reversed(parts) if part and part not in _COMMON]
        found = ["_".join([main, *telling]), "_".join([main, *(part for part in reversed(parts) if part)])]
    elif re.fullmatch(r"[\d.]+|\[?[0-9a-f:]+\]?", host):
        port = urlsplit(url).port
        found = [f"host_{host.strip('[]')}" + (f"_{port}" if port else "")]
    else:
        found = [host.rsplit(".", 1)[0] if "." in host else host]
    plain = [re.sub(r"[^a-z0-9]+", "_", one.lower()).strip("_")[:60] for one in found]
    return tuple(dict.fromkeys(one for one in plain if one)) or ("portal",)


def free_name(url: str, taken: Collection[str]) -> str:
    """The best name for a portal at an address that none has yet."""
    candidates = name_of(url)
    for name in candidates:
        if name not in taken:
            return name
    number = 2
    while f"{candidates[0]}_{number}" in taken:
        number += 1
    return f"{candidates[0]}_{number}"


def compose(survey: Survey, name: str, now: str) -> tuple[str, Portal]:
    """The text of the portal file that a survey proposes, and what it says when it is read. Raises PortalError for a
    proposal that no portal file can hold, ValueError if the survey proposes none."""
    if survey.portal is None:
        raise ValueError(f"{survey.url}: the survey proposes nothing")
    portal = msgspec.structs.replace(survey.portal, name=name)
    lines = [*_comments(survey, now), *_body(portal)]
    text = "\n".join(lines) + "\n"
    return text, parse_portal(name, text, names())


def _comments(survey: Survey, now: str) -> Iterable[str]:
    """Where the file comes from, and what speaks for it."""
    yield from _comment(f"Proposed on {now[:10]} by `nianbao portals add {survey.url}`. Not verified by a person.")
    told = "; ".join(f"{one.what} ({_quoted(one.quote)})" if one.quote else one.what for one in survey.evidence[:3])
    yield from _comment(f"Family {survey.family}: {told or 'no other fits'}.")
    for section in survey.sections:
        what = "is itself a report" if section.is_report and not section.links else f"lists {section.links} reports"
        read = "" if section.complete else " on what was read of it"
        yield from _comment(f"Section {section.url}: {what}{read}; found so: {section.how}.")
    for one in survey.selected[:4]:
        yield from _comment(f"Selectors: {one.what}{f' ({_quoted(one.quote)})' if one.quote else ''}.")
    for note in survey.notes:
        if note.severity != "info":
            yield from _comment(f"Mind: {note.detail}.")


def _quoted(text: str) -> str:
    return f"“{clean(text, 80)}”"


def _comment(text: str) -> Iterable[str]:
    """A comment, folded; each line begins with its mark, whatever the text holds."""
    words = clean(text, 600).split(" ")
    line = "#"
    for word in words:
        if len(line) + 1 + len(word) > _WIDTH and line != "#":
            yield line
            line = "#  "
        line = f"{line} {word}"
    yield line


def _body(portal: Portal) -> Iterable[str]:
    default = Portal(portal.name, "", "", ())
    written = [key for key in _KEYS if key in _REQUIRED or getattr(portal, key) != getattr(default, key)]
    wide = max(len(key) for key in written)
    for key in written:
        yield f"{key:<{wide}} = {_value(getattr(portal, key))}"
    if portal.organs:
        yield "organs = ["
        yield from (f"    {_table(msgspec.to_builtins(organ))}," for organ in portal.organs)
        yield "]"
    for table in ("selectors", "policy"):
        said = {
            key: value for key, value in msgspec.to_builtins(getattr(portal, table)).items() if value not in ("", None)
        }
        if said:
            yield ""
            yield f"[{table}]"
            wide = max(map(len, said))
            yield from (f"{key:<{wide}} = {_value(value)}" for key, value in said.items())


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return _string(value)
        case tuple() | list():
            inner = [_string(one) for one in value]
            line = f"[{', '.join(inner)}]"
            return line if len(line) < _WIDTH - 20 else "[\n" + "".join(f"    {one},\n" for one in inner) + "]"
    raise TypeError(f"{type(value).__name__} is no value of a portal file")


def _table(said: dict[str, Any]) -> str:
    return "{ " + ", ".join(f"{key} = {_value(value)}" for key, value in said.items()) + " }"


def _string(text: str) -> str:
    """A basic string of TOML (v1.0, "String")."""
    out = []
    for char in text:
        if char in _ESCAPED:
            out.append(_ESCAPED[char])
        elif ord(char) < 0x20 or 0x7F <= ord(char) <= 0x9F:
            out.append(f"\\u{ord(char):04x}")
        elif 0xD800 <= ord(char) <= 0xDFFF:
            out.append("\ufffd")
        else:
            out.append(char)
    return '"' + "".join(out) + '"'


def put(home: Path, name: str, text: str, saved: Iterable[SavedFile], *, replace: bool) -> Path:
    """Puts a portal file and its saved pages in place: the pages first, the file last, so that a portal is there with all that
    belongs to it or not at all. Raises Taken if the operator has a portal of that name (unless `replace`), OSError."""
    portals = home / "portals"
    portals.mkdir(parents=True, exist_ok=True)
    target, pages = portals / f"{name}.toml", folder_of(home, name)
    if target.exists() and not replace:
        raise Taken(f"{target}: a portal {name} is there already; --replace overwrites it, --name gives another name")
    pages.parent.mkdir(exist_ok=True)
    _sweep(pages.parent)
    with contextlib.ExitStack() as stack:
        new = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=pages.parent))
        stack.callback(shutil.rmtree, new, ignore_errors=True)
        for file in saved:
            if not file.name or Path(file.name).name != file.name or file.name.startswith("."):
                raise ValueError(f"{file.name!r} is no name for a saved page")
            (new / file.name).write_bytes(file.body)
        handle, draft = tempfile.mkstemp(prefix=f".{name}-", suffix=".tmp", dir=portals)
        stack.callback(Path(draft).unlink, missing_ok=True)
        with os.fdopen(handle, "w", encoding="utf-8") as file_out:
            file_out.write(text)
            file_out.flush()
            os.fsync(file_out.fileno())
        Path(draft).chmod(0o644)
        new.chmod(0o755)
        before: Path | None = None
        if pages.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{name}-old-", dir=pages.parent))
            stack.callback(shutil.rmtree, old, ignore_errors=True)
            before = pages.rename(old / name)
        new.rename(pages)
        try:
            if replace:
                Path(draft).replace(target)
            else:
                _place(Path(draft), target)
        except OSError as error:
            shutil.rmtree(pages, ignore_errors=True)
            if before is not None:
                before.rename(pages)
            if isinstance(error, FileExistsError):
                raise Taken(f"{target}: a portal {name} came into being meanwhile; --replace overwrites it") from None
            raise
    return target


def _place(draft: Path, target: Path) -> None:
    """Puts a file where none is: never over one that came meanwhile. Raises FileExistsError, OSError."""
    try:
        os.link(draft, target)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK):
            raise
        if target.exists():  # a file system without hard links: as good as it gets
            raise FileExistsError(str(target)) from None
        draft.replace(target)


def _sweep(folder: Path) -> None:
    """Removes what was left by whoever was killed while it put pages in place."""
    for path in folder.glob(".*-*"):
        with contextlib.suppress(OSError):
            if path.is_dir() and _age(path) > 3600:
                shutil.rmtree(path, ignore_errors=True)


def _age(path: Path) -> float:
    return time.time() - path.stat().st_mtime

"""The documentation is tested: its examples run, and what it names is what the code has, and the other way round."""

import ast
import inspect
import re
import shlex
import tomllib
import typing
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import UnionType
from typing import NamedTuple

import click
import msgspec
import pytest

from crawler.families import names
from crawler.portal import Organ, Policy, Portal, PortalError, Selectors, parse_portal
from monitor import channels, event_detail
from monitor.cli import cli
from monitor.cli.common import Group
from monitor.figure_views import COLUMNS
from monitor.findings import RULES
from monitor.record import ReportDetail
from monitor.settings import Channel, Schedule, Service, SettingsError, parse_settings
from monitor.store import Store

ROOT = Path(__file__).parents[2]
PAGES = (*sorted(ROOT.glob("README*.md")), *sorted((ROOT / "docs").glob("*.md")))
ENVIRON = dict.fromkeys(
    ("SMTP_PASSWORD", "DING_SECRET", "DING_TOKEN", "WECOM_KEY", "FEISHU_SECRET", "FEISHU_TOKEN", "REDIS_PASSWORD"),
    "s3cret",
)
SHARED = {"--home", "--now", "--json", "--help", "-h"}


class Example(NamedTuple):
    """A fenced block."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@cache
def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


@cache
def examples(language: str) -> tuple[Example, ...]:
    found = []
    for path in PAGES:
        page = str(path.relative_to(ROOT))
        for block in re.finditer(r"(?m)^```(\w*)\n(.*?)^```$", read(page), re.S):
            if block[1] == language:
                found.append(Example(page, read(page)[: block.start()].count("\n") + 1, language, block[2]))
    return tuple(found)


def prose(text: str) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"(?ms)^```.*?^```$", "", text)


@cache
def parts(page: str) -> dict[str, str]:
    """A page's text by heading, whatever its level; headings without backticks."""
    pieces = re.split(r"(?m)^#{1,4} (.+)$", prose(read(page)))
    return {heading.replace("`", ""): text for heading, text in zip(pieces[1::2], pieces[2::2], strict=True)}


def keys(text: str, column: int = 0) -> set[str]:
    """What a part's tables name, in backticks, in a column."""
    found: set[str] = set()
    for row in re.findall(r"(?m)^\| (.*?) \|$", text):
        found |= set(re.findall(r"`([^`]+)`", re.split(r" \| ", row)[column]))
    return found


def fields(*structs: type) -> set[str]:
    return {field for struct in structs for field in struct.__struct_fields__}  # type: ignore[attr-defined]


# Examples ----------------------------------------------------------------------------------------------------------


def test_there_is_something_to_test() -> None:
    assert {"README.md", "README.zh-CN.md"} <= {path.name for path in PAGES}
    assert len(examples("toml")) > 10
    assert len(examples("sql")) >= 10
    assert len(examples("sh")) > 10


@pytest.mark.parametrize("example", examples("toml"), ids=str)
def test_toml_examples_are_what_they_say(example: Example) -> None:
    place = re.match(r"# HOME/(?:(nianbao)|portals/(\w+))\.toml\n", example.text)
    assert place, "the first line says which file it is"
    refused = re.search(r"(?m)^# refused: (.+)$", example.text)
    assert refusal(place, example.text) == (refused[1] if refused else "")


def refusal(place: re.Match[str], text: str) -> str:
    """What is said against a file; empty if it is accepted."""
    try:
        if place[1]:
            parse_settings(text, ENVIRON, channels.check)
        else:
            parse_portal(place[2], text, names())
    except (PortalError, SettingsError) as error:
        return str(error)
    return ""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(tmp_path_factory.mktemp("docs") / "nianbao.db") as opened:
        yield opened


@pytest.mark.parametrize("example", examples("sql"), ids=str)
def test_sql_examples_run(example: Example, store: Store) -> None:
    statements = [statement for statement in example.text.split(";") if statement.strip()]
    assert statements
    for statement in statements:
        assert store.rows(statement) == []


def test_sql_on_command_lines_runs(store: Store) -> None:
    lines = [line for example in examples("sh") for line in example.text.splitlines() if line.startswith("sqlite3 ")]
    assert lines
    for line in lines:
        assert store.rows(shlex.split(line)[-1]) == []


def find(line: str) -> tuple[click.Command, str, list[str]]:
    """The command that a line names, its name, and the rest of the line."""
    words = shlex.split(line, comments=True)[1:]
    command: click.Command = cli
    path = ["nianbao"]
    before: list[str] = []
    while isinstance(command, click.Group) and words:
        while words and words[0].startswith("-"):  # a shared option before the command's name
            before += [words.pop(0)]
            if before[-1] in ("--home", "--now"):
                before += [words.pop(0)]
        if not words or words[0] not in command.commands:
            break
        path.append(words.pop(0))
        command = command.commands[path[-1]]
    return command, " ".join(path), before + words


def lines_of_commands() -> list[tuple[str, str]]:
    return [
        (str(example), line.strip().removeprefix(".venv/bin/"))
        for example in examples("sh")
        for line in example.text.splitlines()
        if re.match(r"\s*(?:\.venv/bin/)?nianbao\b", line)
    ]


@pytest.mark.parametrize(("place", "line"), lines_of_commands())
def test_command_lines_are_accepted(place: str, line: str) -> None:
    command, path, words = find(line)
    assert path != "nianbao" or words == ["--version"], f"{place}: no such command"
    try:
        command.make_context(path, words, parent=click.Context(cli), resilient_parsing=False)
    except click.exceptions.Exit:
        assert words == ["--version"]


def test_commands_in_prose_exist() -> None:
    for path in PAGES:
        for said in re.findall(r"`(?:\.venv/bin/)?(nianbao [^`]+)`", prose(read(str(path.relative_to(ROOT))))):
            line = re.sub(r"[\[\]…()]|\.\.\.", " ", said)
            command, name, words = find(line)
            assert name != "nianbao" or set(words) <= {"--version"}, f"{path.name}: {said}"
            assert {word for word in words if word.startswith("--")} <= options(command), f"{path.name}: {said}"


# The command line --------------------------------------------------------------------------------------------------


def options(command: click.Command) -> set[str]:
    told = {
        name for option in command.params for name in (*option.opts, *option.secondary_opts) if name.startswith("-")
    }
    return told | {"--help", "-h"} | ({"--version"} if command is cli else set())


def commands(group: click.Group = cli, path: str = "nianbao") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")


def test_every_command_and_option_is_documented() -> None:
    documented = {heading: text for heading, text in parts("docs/cli.md").items() if heading.startswith("nianbao ")}
    known = dict(commands())
    assert documented.keys() == known.keys()
    for name, command in known.items():
        assert isinstance(command, Group) or SHARED - {"--help", "-h"} <= options(command)
        told = set(re.findall(r"(?<![\w-])(--?[a-z][a-z-]*)", " ".join(re.findall(r"`([^`]+)`", documented[name]))))
        assert told - SHARED == options(command) - SHARED, name


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_readmes_name_every_command(page: str) -> None:
    said = " ".join(re.findall(r"`([^`]+)`", prose(read(page))))
    for name in cli.commands:
        assert re.search(rf"\bnianbao {name}\b", said), name


# Portal files and settings -----------------------------------------------------------------------------------------


def test_every_key_of_a_portal_file_is_documented() -> None:
    page = parts("docs/portals.md")
    assert keys(page["Every key"]) == fields(Portal) - {"name", "selectors", "policy"}
    assert keys(page["Organs"]) == fields(Organ)
    assert keys(page["Selectors"]) == fields(Selectors)
    assert keys(page["Policy"]) == fields(Policy)


def test_the_full_example_of_a_portal_file_has_every_key() -> None:
    full = next(example for example in examples("toml") if "[selectors]" in example.text)
    for key in fields(Portal, Selectors, Policy) - {"name"}:
        assert re.search(rf"(?m)^\[?{key}\b", full.text), key


def test_defaults_in_the_tables_are_the_defaults() -> None:
    portal = parse_portal("a", 'title = "a"\nfamily = "trs"\nsections = ["http://a.cn/"]', names())
    tables = (
        (parts("docs/portals.md")["Every key"], portal),
        (parts("docs/portals.md")["Policy"], Policy()),
        (parts("docs/settings.md")["[service]"], Service()),
        (parts("docs/settings.md")["[schedule]"], Schedule()),
        (parts("docs/alerts.md")["Channels"], Channel(name="a", url="mailto://a")),
    )
    for text, values in tables:
        rows = re.findall(r"(?m)^\| `(\w+)` \| `([^`]*)` \|", text)
        assert len(rows) > 4
        for key, told in rows:
            value = getattr(values, key)
            if key == "takedown_after":
                assert told == '"24h"'
                assert value == 24 * 3600
            else:
                shown = list(value) if isinstance(value, tuple) else value
                assert tomllib.loads(f"value = {told}")["value"] == shown, key


def test_every_family_is_documented() -> None:
    assert set(re.findall(r"(?m)^\*\*(\w+)\*\*: ", parts("docs/portals.md")["Families"])) == names()


def test_every_key_of_the_settings_is_documented() -> None:
    page = parts("docs/settings.md")
    assert keys(page["[service]"]) == fields(Service)
    assert keys(page["[schedule]"]) == fields(Schedule)
    assert keys(parts("docs/alerts.md")["Channels"]) == fields(Channel)


# The record --------------------------------------------------------------------------------------------------------


def test_every_table_column_and_view_is_documented(store: Store) -> None:
    page = parts("docs/database.md")
    schema = store.rows(
        "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE '\\_%' ESCAPE '\\' "
        "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    )
    assert len(schema) > 15
    for row in schema:
        columns = {column["name"] for column in store.rows(f"PRAGMA table_info({row['name']})")}
        columns -= set(COLUMNS.values())  # one a code; the view 指标说明 names them
        text = page[row["name"]]
        if row["type"] == "view":
            assert set(re.findall(r"`([^`]+)`", text)) == columns, row["name"]
            continue
        if row["name"] == "reports":
            text = text.partition("`reports.detail`")[0]
        if row["name"] == "findings":
            text = text.partition("| rule |")[0]
        assert keys(text) == columns, row["name"]
    level_three = re.findall(r"(?m)^### (\w+)$", read("docs/database.md"))
    assert set(level_three) == {row["name"] for row in schema}


def test_details_of_reports_are_documented() -> None:
    text = parts("docs/database.md")["reports"].partition("`reports.detail`")[2]
    assert keys(text) == fields(ReportDetail)


def rules() -> set[str]:
    """Rules of findings that the code writes, as far as they stand there as words."""
    writers = {"PageFinding", "FindingSeen", "Finding", "Refusal", "on_page"}
    found: set[str] = set()
    for path in (*ROOT.glob("crawler/**/*.py"), *ROOT.glob("monitor/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                said = node.args[:1] if called in writers else []
                said += [keyword.value for keyword in node.keywords if keyword.arg == "rule"]
                found |= {word.value for word in said if isinstance(word, ast.Constant) and isinstance(word.value, str)}
    return found


def test_every_rule_of_a_finding_is_documented() -> None:
    text = parts("docs/database.md")["findings"].partition("| rule |")[2]
    documented = keys(text)
    written = rules() - {"off_host"}  # told as off_host_redirect, or as blocked
    assert len(written) > 10
    assert written <= documented
    source = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("*/**/*.py") if ".venv" not in path.parts)
    for rule in documented:
        assert f'"{rule}"' in source, rule


def test_every_rule_that_reads_a_report_has_an_example() -> None:
    rows = re.findall(r"(?m)^\| `(\w+)` \| (error|warning|info) \| \S", read("docs/findings.md"))
    assert {rule for rule, _ in rows} == RULES
    assert len(rows) == len(RULES)


# Events ------------------------------------------------------------------------------------------------------------


def test_every_kind_of_event_is_documented() -> None:
    assert keys(parts("docs/alerts.md")["Kinds of events"]) == set(event_detail.KINDS)


def nested(struct: type) -> set[str]:
    """Field names of the structs that a struct's own fields hold."""
    found: set[str] = set()
    for annotation in typing.get_type_hints(struct).values():
        waiting = [annotation]
        while waiting:
            one = waiting.pop()
            if inspect.isclass(one) and issubclass(one, msgspec.Struct):
                found |= fields(one)
            elif typing.get_origin(one) is not None or isinstance(one, UnionType):
                waiting += typing.get_args(one)
    return found


def test_every_key_of_a_detail_is_documented() -> None:
    page = parts("docs/alerts.md")
    sections = {heading.removeprefix("Detail: "): text for heading, text in page.items() if "Detail: " in heading}
    assert {kind for heading in sections for kind in heading.split(", ")} == set(event_detail.KINDS)
    common = set(re.findall(r"`(\w+)`", page["What events.detail holds"]))
    assert fields(event_detail.About) <= common
    for heading, text in sections.items():
        for kind in heading.split(", "):
            schema = event_detail.KINDS[kind]
            own = fields(schema) - fields(
                event_detail.About if issubclass(schema, event_detail.About) else event_detail.Said
            )
            assert keys(text) == own, kind
            missing = nested(schema) - set(re.findall(r"`(\w+)`", text))
            assert not missing, kind


# Links -------------------------------------------------------------------------------------------------------------


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_links_lead_somewhere() -> None:
    for path in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", read(str(path.relative_to(ROOT)))):
            file, _, place = target.partition("#")
            other = (path.parent / file).resolve() if file else path
            assert other.exists(), f"{path.name}: {target}"
            if place:
                headings = re.findall(r"(?m)^#{1,6} (.+)$", other.read_text(encoding="utf-8"))
                assert place in map(anchor, headings), f"{path.name}: {target}"


def test_code_refers_to_pages_that_exist() -> None:
    for path in (*ROOT.glob("crawler/**/*.py"), *ROOT.glob("monitor/**/*.py"), ROOT / "Makefile"):
        for page in re.findall(r"\bdocs/\w+\.md\b", path.read_text(encoding="utf-8")):
            assert (ROOT / page).exists(), f"{path}: {page}"


def test_pages_name_no_place_of_one_machine() -> None:
    for path in (*PAGES, ROOT / "CHANGELOG.md"):
        assert not re.search(
            r"(?<![\w.])/(?:home|root|tmp|Users|work|opt(?!/nianbao\b))/", path.read_text(encoding="utf-8")
        ), path.name

"""Exports: every form says what the record says, whoever opens them is safe, and files are whole or not there."""

import csv
import hashlib
import io
import json
import re
import stat
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result
from pyarrow import parquet

from monitor.cli import cli
from monitor.export import writers
from monitor.export.columns import TABLES, Column, Table
from monitor.export.files import Unwritable, whole_file, whole_folder
from monitor.export.selection import Selection, rows
from monitor.export.values import harmless, reader
from monitor.export.write import Export
from monitor.export.writers import Content, write_csv, write_json, write_parquet, write_xlsx
from monitor.figure_views import COLUMNS
from monitor.figures.fields import FIELDS
from monitor.figures.open_fields import INDICATORS, PROSE
from monitor.store import Store
from tests.unit.figures_record import HOSTILE, Made, make

NEW = COLUMNS["requests.new.total"]
FEES = COLUMNS["proactive.fees.amount"]


class Home:
    """A home with a record, and the command line on it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with Store.open(path / "nianbao.db") as store:
            self.made: Made = make(store)

    def run(self, *words: str | Path) -> Result:
        return CliRunner().invoke(cli, ["--home", str(self.path), *map(str, words)])

    def export(self, *words: str | Path) -> Result:
        result = self.run("export", *words)
        assert result.exit_code == 0, result.output
        return result

    def refused(self, *words: str | Path) -> str:
        result = self.run("export", *words)
        assert result.exit_code == 2
        assert isinstance(result.exception, SystemExit)
        return result.stderr


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("export"))


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


# Every form says the same ------------------------------------------------------------------------------------------


def test_a_csv_has_a_row_a_report_and_tells_nothing_from_nought(home: Home) -> None:
    found = {int(row["年报编号"]): row for row in read_csv(home.export().stdout)}
    assert found.keys() == home.made.values.keys()
    for report, values in home.made.values.items():
        for code, name in COLUMNS.items():
            value = values.get(code)
            assert found[report][name] == (
                "" if value is None else f"{value:g}" if value == int(value) else repr(value)
            )
    assert "0" in {row[NEW] for row in found.values()} | {
        row[COLUMNS["requests.other.other.total"]] for row in found.values()
    }


def test_all_forms_say_the_same(home: Home, tmp_path: Path) -> None:
    words = ("--portal", "haitang", "--organ", "教育局", "-o")
    for form in writers.FORMATS:
        home.export("figures", *words, tmp_path / f"a.{form}")
    text = (tmp_path / "a.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    from_csv = read_csv(text.decode("utf-8-sig"))
    from_json = json.loads((tmp_path / "a.json").read_bytes())
    from_parquet = parquet.read_table(tmp_path / "a.parquet").to_pylist()
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["统计数据"]
    head, *lines = sheet.iter_rows(values_only=True)
    from_xlsx = [dict(zip(head, line, strict=True)) for line in lines]
    assert len(from_json) == 6
    for told, cells, typed, sheeted in zip(from_json, from_csv, from_parquet, from_xlsx, strict=True):
        assert told.keys() == cells.keys() == typed.keys() == sheeted.keys()
        for column in TABLES["figures"].columns:
            value = told[column.name]
            assert cells[column.name] == ("" if value is None else str(value))
            assert typed[column.name] == (date.fromisoformat(value) if column.type == "date" else value)
            if column.type == "date":
                assert sheeted[column.name] == datetime.fromisoformat(value)
            else:
                assert sheeted[column.name] == value
                assert type(sheeted[column.name]) is type(value)  # 12 is a number, and 2021 in 表式 is none


def test_numbers_have_types_in_parquet(home: Home, tmp_path: Path) -> None:
    home.export("figures", "events", "--format", "parquet", "-o", tmp_path / "p")
    table = parquet.read_table(tmp_path / "p" / "figures.parquet")
    types = {field.name: str(field.type) for field in table.schema}
    assert (types["年报编号"], types["公开日期"], types[NEW], types["机关"]) == (
        "int64",
        "date32[day]",
        "double",
        "string",
    )
    assert table.schema.field(FEES).metadata[b"unit"].decode() == "万元"
    assert table.schema.field(NEW).metadata[b"code"] == b"requests.new.total"
    events = parquet.read_table(tmp_path / "p" / "events.parquet").to_pylist()
    assert events[0]["发现时间"] == datetime(2026, 2, 11, 1, 20, tzinfo=UTC)


def test_details_tell_blank_from_slash_from_nought(home: Home) -> None:
    text = home.export(
        "--long", "--field", "review.reconsideration.*", "--year", "2020", "--organ", "海棠区人民政府"
    ).stdout
    lines = [line for line in text.splitlines() if line.startswith(f"{home.made.slashed},")]
    cells = {line.split(",")[8]: line for line in lines}
    assert ",,件,/,网页" in cells["review.reconsideration.upheld"]
    assert ',,件,"",网页' in cells["review.reconsideration.corrected"]  # a blank cell is a text, nothing is none
    assert len(cells) == 5
    [told] = [
        row
        for row in json.loads(home.export("details", "--year", "2020", "--json").stdout)
        if row["年报编号"] == home.made.slashed and row["指标代码"] == "review.reconsideration.corrected"
    ]
    assert (told["数值"], told["原文"], told["附件网址"]) == (None, "", None)


def test_details_stand_in_the_order_of_the_forms(home: Home) -> None:
    found = read_csv(home.export("details", "--portal", "haitang", "--year", "2023").stdout)
    organs = [row["机关"] for row in found]
    assert organs == sorted(organs)
    codes = [row["指标代码"] for row in found if row["年报编号"] == found[0]["年报编号"]]
    assert codes == [code for code in COLUMNS if code in codes]


def test_a_workbook_has_figures_details_and_what_they_mean(home: Home, tmp_path: Path) -> None:
    result = home.export("--portal", "haitang", "--year", "2021", "-o", tmp_path / "a.xlsx")
    assert [line.partition(": ")[2].split(", ")[0] for line in result.stdout.splitlines()] == [
        "统计数据",
        "明细",
        "指标说明",
    ]
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == ["统计数据", "明细", "指标说明"]
    details = sum(len(values) for report, values in home.made.values.items() if report in {3, 9, 15, 21, 27})
    assert [sheet.max_row for sheet in book] == [1 + 5, 1 + details, 1 + len(FIELDS) + len(INDICATORS) + len(PROSE)]
    assert (book["统计数据"].freeze_panes, book["明细"].freeze_panes, book["指标说明"].freeze_panes) == (
        "G2",
        "E2",
        "B2",
    )
    assert book["统计数据"].auto_filter.ref == "A1:IC6"
    assert book["统计数据"]["A1"].font.b
    assert book["统计数据"]["G2"].number_format == "yyyy-mm-dd"


def test_a_table_that_one_sheet_cannot_hold_goes_on_in_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "_SHEET_ROWS", 3)
    out = io.BytesIO()
    assert write_xlsx(out, [content([[str(number)] for number in range(7)])]) == {"t": 7}
    book = openpyxl.load_workbook(out)
    assert book.sheetnames == ["表", "表 2", "表 3"]
    assert [[row[0] for row in sheet.iter_rows(values_only=True)] for sheet in book] == [
        ["文字", "0", "1", "2"],
        ["文字", "3", "4", "5"],
        ["文字", "6"],
    ]


def test_parquet_is_written_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "_BATCH_CELLS", 2)
    out = io.BytesIO()
    assert write_parquet(out, content([["a"], ["b"], ["c"]])) == 3
    assert parquet.ParquetFile(out).num_row_groups == 2
    assert parquet.read_table(out).to_pylist() == [{"文字": "a"}, {"文字": "b"}, {"文字": "c"}]


@pytest.mark.parametrize("form", writers.FORMATS)
def test_nothing_is_a_file_too(form: writers.Format, home: Home, tmp_path: Path) -> None:
    home.export("reports", "--year", "1999", "-o", tmp_path / f"a.{form}")
    data = (tmp_path / f"a.{form}").read_bytes()
    match form:
        case "csv":
            assert data.decode("utf-8-sig").strip().split(",") == [column.name for column in TABLES["reports"].columns]
        case "json":
            assert json.loads(data) == []
        case "parquet":
            assert parquet.read_table(io.BytesIO(data)).num_rows == 0
        case "xlsx":
            assert openpyxl.load_workbook(io.BytesIO(data))["年报"].max_row == 1


# Whoever opens them is safe ----------------------------------------------------------------------------------------


def content(rows: list[list[object]], kind: str = "string", **more: object) -> Content:
    column = Column("文字", kind, "", **more)  # type: ignore[arg-type]
    return Content(Table("t", "表", "", (column,), ("文字",)), [rows])  # type: ignore[list-item]


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE, "=1", "+1+cmd|' /C calc'!A0", "-1+1", "@SUM(A1)", "  =1", "\t=1", "\n=1", "＝1+1", "－1＋1", "＠a", "-a", "+",
        "\u200e=1", "\r=1", "\x00=1", "--1=2",
    ],
)  # fmt: skip
def test_a_text_that_looks_like_a_formula_is_defused_in_csv(text: str) -> None:
    out = io.BytesIO()
    write_csv(out, content([[text]]), bom=False)
    [cell] = [row["文字"] for row in read_csv(out.getvalue().decode())]
    assert cell.startswith("'")
    assert not re.match(r"\s*[=+\-@＝＋－＠]", cell)


@pytest.mark.parametrize(
    "text", ["-3", "－3", "+5", "-", "—", "——", "－", "/", "-1,234.5", "-12 %", "0", "a=b", "表三"]
)
def test_what_cells_of_the_tables_hold_stays_as_printed(text: str) -> None:
    assert harmless(text) == text


def test_a_text_is_a_text_in_a_workbook(tmp_path: Path) -> None:
    texts = [HOSTILE, "=1", "#N/A", "#REF!", "a\x00b\x1b[2J\ufffec", "字" * 40_000, "12", "-3", "'=1"]
    out = io.BytesIO()
    write_xlsx(out, [content([[text] for text in texts])])
    cells = [row[0] for row in openpyxl.load_workbook(out)["表"].iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.value for cell in cells] == [*texts[:4], "ab[2Jc", "字" * 32_766 + "…", *texts[6:]]
    assert cells[0].quotePrefix


def test_nothing_that_steers_a_terminal_or_an_eye_comes_out() -> None:
    rows: list[list[object]] = [["a\x1b[31mb\u202ec\x9bd\re\r\nf"]]
    plain, told = io.BytesIO(), io.BytesIO()
    write_csv(plain, content(rows), bom=False)
    assert read_csv(plain.getvalue().decode()) == [{"文字": "a[31mbcde\nf"}]
    write_json(told, content(rows))
    assert not re.search("[\x1b\u202e\x9b]", told.getvalue().decode())
    assert json.loads(told.getvalue()) == [{"文字": rows[0][0]}]


def test_hostile_titles_of_the_record_are_defused(home: Home, tmp_path: Path) -> None:
    titles = {row["标题"] for row in read_csv(home.export("reports").stdout)}
    assert "'" + HOSTILE in titles
    assert HOSTILE not in titles
    home.export("reports", "-o", tmp_path / "a.xlsx")
    cells = [cell for row in openpyxl.load_workbook(tmp_path / "a.xlsx")["年报"].iter_rows() for cell in row]
    assert HOSTILE in {cell.value for cell in cells}
    assert not [cell for cell in cells if cell.data_type == "f"]


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("number", 12.0, 12), ("number", 0.5, 0.5), ("number", 1e300, 1e300), ("number", float("inf"), None),
        ("number", -0.0, 0), ("integer", 2021, 2021), ("date", "2024-02-30", None), ("date", "", None),
        ("date", "2024-02-29", date(2024, 2, 29)), ("datetime", "soon", None), ("string", "", None), ("string", "a", "a"),
    ],
)  # fmt: skip
def test_values_have_the_types_of_their_columns(kind: str, cell: object, value: object) -> None:
    found = reader(Column("a", kind, ""))(cell)  # type: ignore[arg-type]
    assert found == value
    assert type(found) is type(value)
    assert reader(Column("a", kind, ""))(None) is None  # type: ignore[arg-type]


# The data package --------------------------------------------------------------------------------------------------

TYPES = {
    "integer": re.compile(r"-?\d+"),
    "number": re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?"),
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "datetime": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
    "string": re.compile(r".*", re.S),
}


def check_package(folder: Path) -> dict[str, list[dict[str, str | None]]]:
    """Data Package 2: what the standard asks of a descriptor, and what this one promises of its data. Rows by resource."""
    told = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    assert told["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert re.fullmatch(r"[a-z0-9._-]+", told["name"])
    assert datetime.fromisoformat(told["created"]).tzinfo
    assert all(set(one) <= {"title", "path"} and one["title"] for one in told["sources"])
    assert all((folder / one["path"]).is_file() for one in told["licenses"])
    data: dict[str, list[dict[str, str | None]]] = {}
    for resource in told["resources"]:
        path = folder / resource["path"]
        body = path.read_bytes()
        assert re.fullmatch(r"[a-z0-9._-]+", resource["name"])
        assert resource["name"] not in data
        assert resource["bytes"] == len(body)
        assert resource["hash"] == f"sha256:{hashlib.sha256(body).hexdigest()}"
        assert (resource["type"], resource["mediatype"], resource["encoding"]) == ("table", "text/csv", "utf-8")
        schema = resource["schema"]
        fields = schema["fields"]
        head, *lines = csv.reader(io.StringIO(body.decode(), newline=""))
        assert head == [field["name"] for field in fields]
        assert len(set(head)) == len(head)
        assert all(field["title"] and field["description"] for field in fields)
        assert resource["rows"] == len(lines)
        data[resource["name"]] = found = []
        for line in lines:
            row: dict[str, str | None] = {}
            for field, cell in zip(fields, line, strict=True):
                missing = field.get("missingValues", schema["missingValues"])
                value = None if cell in missing else cell
                limits = field.get("constraints", {})
                assert value is not None or not limits.get("required"), (resource["name"], field["name"])
                if value is not None:
                    assert TYPES[field["type"]].fullmatch(value), (resource["name"], field["name"], value)
                    assert value in limits.get("enum", [value])
                row[field["name"]] = value
            found.append(row)
        keys = [tuple(row[name] for name in schema["primaryKey"]) for row in found]
        assert len(set(keys)) == len(keys)
        assert None not in {part for key in keys for part in key}
    for resource in told["resources"]:
        for key in resource["schema"].get("foreignKeys", ()):
            [own], [there] = key["fields"], key["reference"]["fields"]
            known = {row[there] for row in data[key["reference"]["resource"]]} | {None}
            assert {row[own] for row in data[resource["name"]]} <= known
    return data


def test_a_package_holds_everything_and_says_what_it_is(home: Home, tmp_path: Path) -> None:
    home.export("--package", tmp_path / "data", "--now", "2026-03-01")
    data = check_package(tmp_path / "data")
    assert data.keys() == TABLES.keys()
    assert len(data["figures"]) == len(data["reports"]) == len(home.made.values)
    assert len(data["details"]) == sum(map(len, home.made.values.values()))
    assert len(data["versions"]) == len(data["reports"]) + 1
    assert [row["年报编号"] for row in data["findings"]] == ["1", "2", "4", None]
    assert [(row["类型"], row["年报编号"]) for row in data["events"]] == [
        ("变更", "1"), ("公开", "3"), ("撤下", "5"), ("变更", None), ("公开", "2"), ("逾期", None),
    ]  # fmt: skip
    blank = [row for row in data["details"] if row["原文"] == ""]
    assert [(row["年报编号"], row["数值"]) for row in blank] == [(str(home.made.slashed), None)]
    told = json.loads((tmp_path / "data" / "datapackage.json").read_bytes())
    assert told["created"] == "2026-03-01T00:00:00Z"
    assert [one["title"] for one in told["sources"]] == [
        "白沙县人民政府",
        "海棠区人民政府",
        "清河县人民政府",
        "云溪市人民政府",
    ]
    [figures] = [one for one in told["resources"] if one["name"] == "figures"]
    [fees] = [field for field in figures["schema"]["fields"] if field["name"] == FEES]
    assert (fees["type"], fees["unit"], fees["code"]) == ("number", "万元", "proactive.fees.amount")


def test_a_narrowed_package_is_whole_in_itself_and_says_how(home: Home, tmp_path: Path) -> None:
    words = ("--portal", "haitang", "--year", "2019", "--field", "requests.new.*", "--kind", "changed")
    home.export("--package", tmp_path / "data", *words)
    data = check_package(tmp_path / "data")
    assert {row["年度"] for row in data["reports"]} == {"2019"}
    assert len(data["figures"][0]) == 11 + 7
    assert {row["指标代码"] for row in data["details"]} == {row["指标代码"] for row in data["fields"]}
    assert len(data["fields"]) == 7
    assert [row["年报编号"] for row in data["events"]] == ["1"]
    assert [row["年报编号"] for row in data["findings"]] == ["1"]
    told = json.loads((tmp_path / "data" / "datapackage.json").read_bytes())["description"]
    for word in ("portal = haitang", "year = 2019", "kind = changed", "field = requests.new.*"):
        assert word in told


def test_a_package_may_be_parquet_and_replaces_only_a_package(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    home.export("figures", "reports", "--package", folder)
    home.export("figures", "--package", folder, "--format", "parquet")
    assert sorted(one.name for one in folder.iterdir()) == ["NOTICE.md", "datapackage.json", "figures.parquet"]
    told = json.loads((folder / "datapackage.json").read_bytes())
    assert "foreignKeys" not in told["resources"][0]["schema"]  # what it refers to is not there
    assert "encoding" not in told["resources"][0]
    (folder / "mine.txt").write_text("mine")
    assert "holds something else" in home.refused("--package", folder)
    assert (folder / "mine.txt").read_text() == "mine"
    assert "exclude" in home.refused("--package", folder, "-o", "x.csv")
    for form in ("xlsx", "json"):
        assert "csv or parquet" in home.refused("--package", folder, "--format", form)
    assert [one.name for one in tmp_path.iterdir()] == ["data"]


def test_an_indicator_of_an_old_form_is_in_the_dictionary(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with Store.open(tmp_path / "nianbao.db") as store:
        version = store.row("SELECT current_version AS v FROM reports WHERE id = ?", (home.made.edited,))
        assert version is not None
        store.run("INSERT INTO figures VALUES (?, 'indicator.检索服务次数', 3, '3', 'html', 1.0, '')", (version["v"],))
    home.export("details", "fields", "--package", tmp_path / "data", "--table", "附表")
    data = check_package(tmp_path / "data")
    assert [row["指标名称"] for row in data["details"]] == ["附表 检索服务次数"]
    assert data["fields"][-1]["指标代码"] == "indicator.检索服务次数"


# Files ---------------------------------------------------------------------------------------------------------------


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("before")

    def half() -> None:
        with whole_file(path) as out:
            out.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    assert path.read_text() == "before"
    assert [one.name for one in tmp_path.iterdir()] == ["a.csv"]
    path.chmod(0o600)
    with whole_file(path) as out:
        out.write(b"after")
        assert path.read_text() == "before"
    assert path.read_text() == "after"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    link = tmp_path / "link.csv"
    link.symlink_to(path)
    with whole_file(link) as out:
        out.write(b"through")
    assert link.is_symlink()
    assert path.read_text() == "through"


def test_a_folder_is_whole_or_not_there(tmp_path: Path) -> None:
    def half() -> None:
        with whole_folder(tmp_path / "data") as folder:
            (folder / "half").touch()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "data").mkdir()
    with whole_folder(tmp_path / "data") as folder:
        (folder / "all").touch()
    assert [one.name for one in (tmp_path / "data").iterdir()] == ["all"]
    for other in ("{}", '{"resources": [{"path": "x"}], "licenses": []}', "[]"):
        (tmp_path / "data" / "datapackage.json").write_text(other)
        with pytest.raises(Unwritable, match="holds something else"), whole_folder(tmp_path / "data"):
            pass


def test_an_export_is_of_one_moment_and_a_pass_may_settle_meanwhile(tmp_path: Path) -> None:
    home = Home(tmp_path)
    out = io.BytesIO()
    with Store.open(tmp_path / "nianbao.db") as writer, Store.open_reader(tmp_path / "nianbao.db") as store:

        def meanwhile(title: str, done: int, _: int) -> None:
            if (title, done) == ("统计数据", 1):
                with writer.transaction():
                    writer.run("UPDATE reports SET title = 'meanwhile'")
                    writer.run("UPDATE figures SET value = -1")

        tables = [TABLES["figures"], TABLES["reports"]]
        assert Export(store, tables, Selection(), meanwhile).to_stream(out, "xlsx") == 2 * len(home.made.values)
        assert store.row("SELECT title FROM reports LIMIT 1") == {"title": "meanwhile"}  # the snapshot was let go
    book = openpyxl.load_workbook(out)
    assert "meanwhile" not in {row[4].value for row in book["年报"].iter_rows()}
    assert -1 not in {cell.value for row in book["统计数据"].iter_rows() for cell in row}


def test_rows_are_taken_as_they_come(home: Home) -> None:
    """Nobody holds them all: with one row asked for, one report is read."""
    with Store.open_reader(home.path / "nianbao.db") as store:
        asked: list[str] = []
        store.conn.set_trace_callback(asked.append)
        next(iter(rows(store, TABLES["details"], Selection())))
        assert sum("统计数据明细" in sql for sql in asked) == 1


# Selections and how they are refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (("reports", "--portal", "yunxi", "--year", "2020"), [32, 38, 44, 50, 56]),
        (("reports", "--status", "taken_down"), [5]),
        (("reports", "--organ", "海棠区财政"), [19, 20, 21, 22, 23, 24]),
        (("versions", "--since", "2026-02-11"), [121]),
        (("findings", "--rule", "late"), [3]),
        (("findings", "--severity", "error"), [2]),
        (("findings", "--portal", "yunxi"), [5]),
        (("findings", "--organ", "海棠"), [1, 2, 3]),
        (("findings", "--since", "2026-02-10"), [1, 2, 3, 5]),
        (("findings", "--since", "2026-02-11"), []),
        (("events", "--kind", "overdue"), [6]),
        (("events", "--organ", "民政局"), [6]),
        (("events", "--portal", "haitang", "--since", "2026-02-11"), [1, 3]),
    ],
)
def test_filters_narrow(home: Home, words: tuple[str, ...], numbers: list[int]) -> None:
    assert [int(row["编号"]) for row in read_csv(home.export(*words).stdout)] == numbers


def test_columns_can_be_chosen(home: Home) -> None:
    [head, *_] = home.export(
        "--field", "本年新收", "--field", "review.*.total", "--table", "3", "--table", "四"
    ).stdout.splitlines()
    chosen = head.split(",")[11:]
    assert len(chosen) == 7 + 3
    assert NEW in chosen


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("findings", "events"), "several tables need a place"),
        (("--kind", "changed"), "--kind narrows events"),
        (("events", "--field", "requests.new.total"), "--field or --table narrows details, fields, figures"),
        (("--field", "requests.nwe.total"), 'no figure is called "requests.nwe.total"'),
        (("-o", "a.foo"), "of what form is it"),
        (("figures", "reports", "-o", "a.csv"), "csv holds one table"),
        (("--format", "xlsx", "-o", "."), "is a folder"),
        (("--portal", "nobody"), "no portal nobody"),
        (("nothing",), "is not one of"),
        (("events", "--since", "tomorrow"), "is not a UTC time"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(home: Home, words: tuple[str, ...], said: str) -> None:
    assert said in home.refused(*words)


def test_several_tables_go_into_a_folder(home: Home, tmp_path: Path) -> None:
    told = json.loads(home.export("events", "reports", "-o", tmp_path / "out", "--json", "--no-bom").stdout)
    assert [(one["table"], one["rows"]) for one in told] == [("events", 6), ("reports", len(home.made.values))]
    for one in told:
        data = Path(one["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == one["sha256"]
        assert not data.startswith(b"\xef\xbb\xbf")
    home.export("findings", "-o", tmp_path / "out")  # one more beside them
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == ["events.csv", "findings.csv", "reports.csv"]


def test_a_workbook_can_go_down_a_pipe(home: Home) -> None:
    book = openpyxl.load_workbook(io.BytesIO(home.export("events", "--format", "xlsx", "-o", "-").stdout_bytes))
    assert book["变更记录"].max_row == 7

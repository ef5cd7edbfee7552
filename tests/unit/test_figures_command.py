"""`nianbao figures` and `nianbao findings`: the tables as on paper, lists that filters narrow, and what is refused."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from monitor.cli import cli
from monitor.cli import figures as command
from monitor.figure_sheets import sheets
from monitor.figures.fields import FIELDS
from monitor.store import Store
from tests.unit.figures_record import Made, make


class Home:
    def __init__(self, path: Path) -> None:
        self.path = path
        with Store.open(path / "nianbao.db") as store:
            self.made: Made = make(store, portals=2)

    def __call__(self, *words: object) -> str:
        result = CliRunner().invoke(cli, ["--home", str(self.path), *map(str, words)])
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *words: object) -> list[dict[str, object]]:
        return json.loads(self(*words, "--json"))

    def refused(self, *words: object) -> str:
        result = CliRunner().invoke(cli, ["--home", str(self.path), *map(str, words)])
        assert result.exit_code == 2
        return result.stderr


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("figures"))


# On paper ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["2019", "2021"])
def test_every_cell_of_a_form_has_one_place(form: str) -> None:
    codes = [code for code, field in FIELDS.items() if form in field.forms]
    found = sheets(dict.fromkeys(codes), form)
    assert [sheet.title[:2] for sheet in found] == ["表二", "表三", "表四"]
    assert sorted(code for sheet in found for code in sheet.codes) == sorted(codes)
    for sheet in found:
        for line in sheet.lines:
            if not line.heading:
                assert all(FIELDS[code].table == sheet.title[1] for code in line.cells)


def test_columns_stand_under_their_heads() -> None:
    for form in ("2019", "2021"):
        codes = [code for code, field in FIELDS.items() if form in field.forms]
        for sheet in sheets(dict.fromkeys(codes), form):
            head: tuple[str, ...] = ()
            for line in sheet.lines:
                if line.heading:
                    head = line.cells
                    continue
                labels = tuple(FIELDS[code].column_label.replace("本年处理", "处理") for code in line.cells)
                assert labels == tuple(name.replace("本年处理", "处理") for name in head)


def test_what_stands_in_no_table_is_listed_by_itself() -> None:
    [four, others] = sheets({"review.direct_suit.total": 1, "prose.requests.new": 1, "indicator.检索次数": 1}, "2021")
    assert four.title.startswith("表四")
    assert [(line.label, line.cells) for line in others.lines] == [
        ("正文 新收政府信息公开申请", ("prose.requests.new",)),
        ("附表 检索次数", ("indicator.检索次数",)),
    ]
    assert sheets({}, "2021") == ()


def test_a_report_is_laid_out_as_its_form(home: Home) -> None:
    lines = home("figures", home.made.recognised).splitlines()
    values = home.made.values[home.made.recognised]
    assert lines[0] == "表二 主动公开政府信息情况"
    [new] = [line.split("\t") for line in lines if line.startswith("一、本年新收\t")]
    total = f"{int(values['requests.new.total'])}?"  # recognised with little confidence
    assert (new[7], new[1]) == (total, f"{int(values['requests.new.natural_person'])}")
    assert [line for line in lines if line.startswith("来源")] == [
        f"来源：图片识别，最低置信度 {confidence}，http://haitang.example/table.png"
        for confidence in ("0.97", "0.62", "0.97")
    ]
    assert lines.count("? 置信度低于 0.9，请核对原文") == 1


def test_last_year_stands_beside(home: Home) -> None:
    lines = home("figures", home.made.recognised, "--previous", "--table", "4").splitlines()
    now, before = home.made.values[home.made.recognised], home.made.values[home.made.slashed]
    told = lines[2].split("\t")
    codes = [f"review.reconsideration.{one}" for one in ("upheld", "corrected", "other")]
    assert told[1:4] == [
        f"{int(now[codes[0]])} (/)",
        f"{int(now[codes[1]])} (空白)",
        f"{int(now[codes[2]])} ({int(before[codes[2]])})",
    ]
    assert "括号内为上年" in lines
    found = {one["field"]: one for one in home.json("figures", home.made.recognised, "--previous")}
    assert (found[codes[0]]["previous"], found[codes[0]]["previous_raw"]) == (None, "/")
    assert found[codes[2]]["previous"] == before[codes[2]]
    assert found["requests.other.other.total"]["previous_raw"] is None  # no such cell in the form of 2019
    first = CliRunner().invoke(
        cli, ["--home", str(home.path), "figures", str(home.made.edited), "--previous", "--long"]
    )
    assert "there is no report of 2018" in first.stderr


def test_cells_are_as_printed_and_what_was_not_read_says_so(home: Home) -> None:
    lines = home("figures", home.made.slashed, "--table", "4").splitlines()
    assert lines[2].split("\t")[1:3] == ["/", ""]
    lines = home("figures", home.made.slashed, "--field", "review.*.total").splitlines()
    assert [line.split("\t")[1:5] for line in lines[2:5]] == [["缺"] * 4] * 3


def test_the_list_has_a_line_a_figure(home: Home) -> None:
    lines = home("figures", home.made.recognised, "--long").splitlines()
    assert lines[0] == "指标代码\t指标\t数值\t原文\t来源\t置信度\t附件网址"
    assert len(lines) == 1 + len(home.made.values[home.made.recognised])
    codes = [line.split("\t")[0] for line in lines[1:]]
    assert codes == [code for code in FIELDS if code in codes]
    [new] = [line for line in lines if line.startswith("requests.new.total\t")]
    assert new.split("\t")[4:] == ["ocr", "0.62", "http://haitang.example/table.png"]


def test_a_report_without_figures_says_so_on_a_terminal(home: Home) -> None:
    assert home("figures", home.made.bare).splitlines() == ["指标代码\t指标\t数值\t原文\t来源\t置信度\t附件网址"]
    assert "no figures that could be read" in on_terminal(home, "figures", home.made.bare)


def on_terminal(home: Home, *words: object) -> str:
    """What the program prints on a real terminal."""
    main, other = pty.openpty()
    environ = {**os.environ, "COLUMNS": "150", "TERM": "xterm", "NIANBAO_HOME": str(home.path)}
    program = [sys.executable, "-c", "from monitor.cli import main; main()", *map(str, words)]
    with subprocess.Popen(program, stdout=other, stderr=other, env=environ) as process:
        os.close(other)
        told = b""
        while True:
            try:
                piece = os.read(main, 65536)
            except OSError:
                break
            if not piece:
                break
            told += piece
        assert process.wait() == 0, told
    os.close(main)
    return told.decode()


def test_a_terminal_shows_tables(home: Home) -> None:
    told = on_terminal(home, "figures", home.made.recognised)
    assert "│一、本年新收" in told
    assert told.count("┌") == 3
    assert "\x1b[33m" in told  # the doubtful ones


# Lists -------------------------------------------------------------------------------------------------------------


def test_a_selection_lists_figures_of_many_reports(home: Home) -> None:
    found = home.json("figures", "--field", "requests.new.total", "--year", "2020", "--previous")
    assert len(found) == 10
    assert [(one["portal"], one["organ"]) for one in found] == sorted((one["portal"], one["organ"]) for one in found)
    for one in found:
        report = int(str(one["report"]))
        assert one["value"] == home.made.values[report]["requests.new.total"]
        # The first report's figure was edited; what is beside is the one that stands now.
        assert one["previous"] == home.made.values[report - 1].get("requests.new.total")
    assert {
        one["report"] for one in home.json("figures", "--portal", "yunxi", "--organ", "财政", "--table", "二")
    } == set(range(49, 55))
    head, *lines = home("figures", "--field", "结转下年度", "--organ", "海棠区教育局", "--year", "2021").splitlines()
    assert head.split("\t") == [
        "年报编号",
        "门户",
        "机关",
        "年度",
        "指标代码",
        "指标",
        "数值",
        "原文",
        "来源",
        "置信度",
    ]
    assert len(lines) == 7
    assert all(line.split("\t")[6].isdigit() for line in lines)  # whole numbers have no point


def test_withdrawn_reports_are_not_listed(home: Home) -> None:
    assert home.made.withdrawn not in {one["report"] for one in home.json("figures", "--field", "requests.new.total")}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("figures",), "give a report, or choose with --portal"),
        (("figures", 1, "--year", 2020), "REPORT says which"),
        (("figures", 999), "there is no report 999"),
        (("figures", 1, "--field", "requests.new.totl"), 'no figure is called "requests.new.totl"'),
        (("figures", "--portal", "nobody"), "no portal nobody"),
        (("findings", "--since", "soon"), "is not a UTC time"),
        (("findings", "--portal", "nobody"), "no portal nobody"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(home: Home, words: tuple[object, ...], said: str) -> None:
    assert said in home.refused(*words)


def test_too_many_figures_are_for_a_file(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_MOST", 100)
    assert "these are" in home.refused("figures", "--portal", "haitang")
    assert "nianbao export figures --long" in home.refused("figures", "--portal", "haitang")


# Findings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ((), [1, 2, 3, 5]),
        (("--portal", "yunxi"), [5]),
        (("--organ", "海棠区"), [1, 2, 3]),
        (("--year", 2020), [2]),
        (("--rule", "late"), [3]),
        (("--severity", "error"), [2]),
        (("--since", "2026-02-10"), [1, 2, 3, 5]),
        (("--since", "2026-02-10T01:00:01Z"), []),
    ],
)
def test_filters_narrow_findings(home: Home, words: tuple[object, ...], numbers: list[int]) -> None:
    assert [one["id"] for one in home.json("findings", *words)] == numbers


def test_a_finding_says_where_and_about_what(home: Home) -> None:
    [found] = home.json("findings", "--rule", "table3_column")
    assert (found["place"], found["fields"]) == ("表三 总计", ["requests.new.total", "requests.carried_in.total"])
    assert found["found_at"] == "2026-02-10T01:00:00Z"
    line = home("findings", "--rule", "table3_column").splitlines()[1].split("\t")
    assert line[6] == "表三 总计"
    assert line[8] == "表三 总计 · 一、本年新收；表三 总计 · 二、上年结转"


# Completion --------------------------------------------------------------------------------------------------------


def completed(home: Path, *words: str) -> dict[str, str | None]:
    *before, begun = words
    found = ShellComplete(cli, {}, "nianbao", "_NIANBAO_COMPLETE").get_completions(
        ["--home", str(home), *before], begun
    )
    return {one.value: one.help for one in found}


def test_a_shell_completes_reports_portals_codes_and_rules(home: Home, tmp_path: Path) -> None:
    assert completed(home.path, "figures", "1")["12"] == "海棠区人民政府办公室 2024"
    assert str(home.made.withdrawn) not in completed(home.path, "figures", "")
    assert completed(home.path, "export", "--portal", "h") == {"haitang": "海棠区人民政府"}
    assert completed(home.path, "export", "--field", "requests.new.t") == {
        "requests.new.total": "表三 总计 · 一、本年新收"
    }
    assert completed(home.path, "findings", "--rule", "table4") == {"table4_total": "表四合计不符"}
    assert "findings" in completed(home.path, "export", "fin")
    assert completed(tmp_path, "figures", "1") == {}

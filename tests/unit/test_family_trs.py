"""TRS WCM: addresses without dates, what counts pages, rows that scripts write, stubs deep in a list."""

import pytest

from crawler.families.base import Step
from tests.unit.family_reading import TITLE, read, row, urls, walk

COLUMN = "http://www.wu.gov.cn/xxgk/zfxxgknb/"


@pytest.mark.parametrize(
    "name",
    [
        "t17981192.shtml",
        "202301/t19700101_3441457.shtml",
        "202601/t20260128_4233432_app.shtml",
        "202301/t20230120_1.htm",
        "P020230120.pdf",
    ],
)
def test_addresses_of_documents(name: str) -> None:
    """A bare organ in the annual column is a report, if it leads to a document; no date is taken from the address."""
    page = read("trs", COLUMN, row(f"./{name}", "吴县财政局"))
    assert urls(page) == [COLUMN + name]
    assert page.links[0].date == ""


@pytest.mark.parametrize(
    "script",
    [
        'createPageHTML(3, {}, "index", "shtml");',
        "createPage( 3 , {}, 'index', 'shtml' )",
        "createPageHTML(3, {}, 'index', 'shtml', 50);",
        "var countPage = 3//共多少页\nvar currentPage = {};",
        "window.pagination_script_config = {{ el: '#p', total: 3, current: {} }};",
        'var m_nRecordCount = "45"; var m_nCurrPage = {}; var m_nPageSize = 20;',
        "var recordCount=41,pageSize=20,currentPage={};",
    ],
    ids=range(7),
)  # fmt: skip
@pytest.mark.parametrize("extension", ["shtml"])
def test_page_counts(script: str, extension: str) -> None:
    def answer(step: Step) -> str:
        name = step.url.removeprefix(COLUMN)
        number = int(name.removeprefix("index").partition(".")[0].lstrip("_") or 0)
        assert number < 3
        body = "".join(row(f"./t2020010{n}_{number}{n}.shtml", TITLE.format(2010 + number * 3 + n)) for n in range(3))
        return f"<html><body><ul>{body}</ul><script>{script.format(number)}</script></body></html>"

    done = walk("trs", COLUMN + f"index.{extension}", answer)
    assert (len(done.links), done.problems) == (9, [])


SCRIPTED = {
    "names": 'var url="{url}"; var title="{title}"; var time = "2026-01-20";document.writeln(x);',
    "write": 'document.write(\'<li><a href="{url}" title="{title}">吴县..<\\/a><span>2026-01-20</span></li>\');',
    "kept": "html += \"<li><a target='_blank' href='{url}'>{title}</a><b>2026-01-20</b></li>\"; $('#list').html(html);",
    "objects": 'var list = [{{"docTitle": "{title}", "docUrl" : "{url}", "docTime":"2026-01-20"}}, {{}}];',
    "arrays": "rows.push(['{url}', \"{title}\", '2026-01-20', 'x']);",
    "calls": "writeRow('1', '{title}', '{url}', '2026-01-20');",
    "escaped": "var docurl = '{url}'.replace('x','y');\nvar doctitle = '{escaped}';",
}


@pytest.mark.parametrize("style", SCRIPTED)
def test_rows_that_scripts_write(style: str) -> None:
    script = ""
    for year in (2025, 2024):
        title = TITLE.format(year)
        escaped = "".join(f"\\u{ord(char):04x}" for char in title)
        script += (
            "<script>"
            + SCRIPTED[style].format(url=f"./{year}01/t{year}0101_{year}.shtml", title=title, escaped=escaped)
            + "</script>"
        )
    page = read(
        "trs",
        COLUMN,
        f"<html><body><div id='list'></div>{script}<!-- {script.replace('2025', '2001')} --></body></html>",
    )
    assert urls(page) == [f"{COLUMN}{year}01/t{year}0101_{year}.shtml" for year in (2025, 2024)]
    assert [link.title for link in page.links] == [TITLE.format(year) for year in (2025, 2024)]
    if style != "escaped":
        assert {link.date for link in page.links} == {"2026-01-20"}


def test_scripts_that_write_no_rows() -> None:
    code = (
        "// var url='./202001/t20200101_1.html'; var title='x'\nvar url = base + id; /* ['./t20200101_2.html','吴县财政局'] */"
        "document.write('<a href=\"' + url + '\">' + title + '</a>'); share('吴县财政局', 'http://www.wu.gov.cn/');"
        "console.log(`<a href='./t20200101_${id}.html'>吴县财政局</a>`);"
    )
    assert urls(read("trs", COLUMN, f"<script>{code}</script>")) == []


STUB = "<html><head><title>x</title></head><body></body></html>"


class TestStubs:
    def pages(self, stubs: set[int]) -> "list[str]":
        out = []
        for number in range(5):
            body = row(f"./t2020010{number}_{number}1.html", TITLE.format(2020 - number))
            script = f'<script>createPageHTML(5, {number}, "index", "html");</script>'
            out.append(STUB if number in stubs else f"<ul>{body}</ul>{script}")
        return out

    @pytest.mark.parametrize("stubs", [{2}, {2, 3}, {4}, {1, 2, 3, 4}])
    def test_what_stands_behind_is_read_and_the_list_is_not_complete(self, stubs: set[int]) -> None:
        pages = self.pages(stubs)

        def answer(step: Step) -> str:
            return pages[int(step.url.rpartition("_")[2].partition(".")[0]) if "_" in step.url else 0]

        done = walk("trs", COLUMN + "index.html", answer)
        assert len(done.links) == 5 - len(stubs)
        assert done.complete == (stubs == {4})  # the last page: `crawler.sections` says that it is empty

    def test_no_end_of_pages(self) -> None:
        """A list of many pages is not asked for to the last, once it says nothing."""
        page = read("trs", COLUMN, STUB, Step(COLUMN + "index_40.html", number=40), COLUMN, pages=900)
        assert page.next == ()
        assert page.problem

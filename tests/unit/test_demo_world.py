"""The portals that everything else is tested against keep their own promises."""

import io
import re
import socket
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import docx
import pypdfium2
import pytest
from PIL import Image

from crawler import families
from crawler.families.base import Listing, Step
from crawler.page.decode import decode
from crawler.portal import parse_portal
from monitor.demo.acts import Portal
from monitor.demo.files import docx as make_docx
from monitor.demo.files import pdf, png
from monitor.demo.forms import APPLICANTS, FormYear, make_figures, outcomes, table_four, table_three, table_two
from monitor.demo.noise import Noise
from monitor.demo.text import county_of, short_name, title_of, write_paper
from monitor.demo.world import KINDS, World


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World(*KINDS) as served:
        yield served


@pytest.fixture
def yunxi() -> Iterator[Portal]:
    with World("yunxi") as served:
        yield served["yunxi"]


def get(url: str, headers: dict[str, str] | None = None) -> tuple[int, bytes, dict[str, str]]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=5) as answer:
            return answer.status, answer.read(), {name.lower(): value for name, value in answer.headers.items()}
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), {name.lower(): value for name, value in error.headers.items()}


def text_of(body: bytes) -> str:
    """The page's words without markup and white space."""
    html = re.sub(r"<(script|style)\b.*?</\1>|<!--.*?-->|<[^>]*>", "", body.decode(), flags=re.S)
    return re.sub(r"\s|&nbsp;", "", html)


# Text and tables


@pytest.mark.parametrize("form", ["2019", "2021"])
@pytest.mark.parametrize("seed", range(5))
def test_figures_keep_the_identities_of_the_form(form: FormYear, seed: int) -> None:
    now, then = (make_figures(seed, "云溪县人民政府", year, 24, form) for year in (2022, 2021))
    for column in (*APPLICANTS, "total"):
        handled = sum(now[f"requests.{row}.{column}"] for row in outcomes(form))
        assert handled == now[f"requests.handled_total.{column}"]
        before = now[f"requests.new.{column}"] + now[f"requests.carried_in.{column}"]
        assert before == handled + now[f"requests.carried_out.{column}"]
        assert now[f"requests.carried_in.{column}"] == then[f"requests.carried_out.{column}"]
        assert min(value for code, value in now.items() if code.startswith("requests.")) >= 0


@pytest.mark.parametrize(("form", "rows"), [("2019", 23), ("2021", 25)])
def test_tables_are_rectangles(form: FormYear, rows: int) -> None:
    figures = make_figures(1, "云溪县人民政府", 2022, 24, form)
    for grid, width in ((table_two(form, figures), 4), (table_three(form, figures), 10), (table_four(figures), 15)):
        filled: list[set[int]] = [set() for _ in grid]
        for number, row in enumerate(grid):
            for cell in row:
                column = next(place for place in range(width) if place not in filled[number])
                for down in range(cell.rows):
                    filled[number + down] |= set(range(column, column + cell.cols))
        assert all(columns == set(range(width)) for columns in filled)
    assert len(table_three(form, figures)) == 3 + rows


def test_prose_agrees_with_the_tables() -> None:
    paper = write_paper("云溪县人民政府", 2022, size=24)
    assert f"收到政府信息公开申请{paper.figures['requests.new.total']}件" in "".join(paper.prose())
    assert len([line for line in paper.prose() if len(line) > 30]) >= 6
    assert paper == write_paper("云溪县人民政府", 2022, size=24)
    assert paper.prose() != write_paper("云溪县财政局", 2022).prose()


def test_old_reports_have_no_tables_of_the_form() -> None:
    paper = write_paper("云溪县财政局", 2016)
    assert paper.form is None
    assert paper.paragraphs[0] == "一、概述"
    with pytest.raises(ValueError, match="no tables"):
        paper.table("\x02表二")


def test_names() -> None:
    assert short_name("云溪县人民政府") == "云溪县"
    assert short_name("云溪县财政局") == "县财政局"
    assert short_name("民政厅") == "民政厅"
    assert county_of("和坪区城市管理指挥中心") == "和坪区"
    assert len({title_of("云溪县财政局", 2020, style) for style in range(5)}) == 5


def test_files_are_real() -> None:
    paper = write_paper("云溪县人民政府", 2022, extras="both")
    lines, picture = paper.documents[0].lines, paper.pictures[0]

    def pdf_text(body: bytes) -> list[str]:
        document = pypdfium2.PdfDocument(body)
        try:
            page = document[0]
            return page.get_textpage().get_text_bounded().splitlines()
        finally:
            document.close()

    assert pdf_text(pdf(lines)) == pdf_text(pdf(lines, 1)) == list(lines)
    assert pdf(lines) != pdf(lines, 1)
    assert [p.text for p in docx.Document(io.BytesIO(make_docx(lines, 2))).paragraphs] == list(lines)
    assert make_docx(lines) != make_docx(lines, 2)

    def pixels(body: bytes) -> bytes:
        with Image.open(io.BytesIO(body)) as image:
            return image.tobytes()

    assert png(picture) != png(picture._replace(saved=1))
    assert pixels(png(picture)) == pixels(png(picture._replace(saved=1)))
    assert pixels(png(picture)) != pixels(png(picture._replace(bars=(1, 2, 3))))


def test_noise_differs_at_every_request_unless_it_is_frozen() -> None:
    page = "{{token}} {{number}} {{weather}} {{related}} {{hot}} {{clock}} {{today}} {{weekday}} {{other}}"
    noise, still = Noise("云溪县"), Noise("云溪县", frozen=True)
    assert noise.fill(page) != noise.fill(page)
    assert still.fill(page) == still.fill(page)
    assert re.findall(r"\{\{\w+\}\}", noise.fill(page)) == ["{{other}}"]


# Portals


def test_portal_files_are_valid(world: World, tmp_path: Path) -> None:
    names = world.write_portals(tmp_path, confirmations=3, after="24h")
    assert sorted(names) == sorted(KINDS)
    for name in names:
        portal = parse_portal(name, (tmp_path / "portals" / f"{name}.toml").read_text("utf-8"), families.names())
        assert portal.policy.allow_private
        assert portal.render == (name == "xinglin")


@pytest.mark.parametrize("name", ["yunxi", "wangjiang", "linhe", "nanzhou", "haitang", "qingshi", "baishui", "kunyang"])
def test_families_find_every_report_and_nothing_else(world: World, name: str) -> None:
    site = world[name]
    family = families.get(site.layout.family)
    waiting: list[tuple[Step, str, int | None]] = [(family.first(site.section), site.section, None)]
    found, companions, asked = set(), set(), set()
    while waiting:
        step, section, year = waiting.pop()
        asked.add(step.url)
        data = None if step.form is None else urllib.parse.urlencode(step.form).encode()
        with urllib.request.urlopen(urllib.request.Request(step.url, data, dict(step.headers)), timeout=5) as answer:
            text = decode(answer.read(), answer.headers["Content-Type"])
        page = family.read(Listing(step.url, text, step, section=section, year=year, this_year=2026))
        assert not page.problem
        found |= {link.url for link in page.links if link.kind == "report"}
        companions |= {link.url for link in page.links if link.kind == "companion"}
        waiting += [(following, section, year) for following in page.next]
        waiting += [(family.first(column.url), column.url, column.year) for column in page.columns]
    assert found == {site.url + item.path for item in site.items}
    assert len(companions) == (5 if name == "kunyang" else 1)
    assert len(asked) == {"yunxi": 4, "haitang": 3, "qingshi": 3, "baishui": 3, "kunyang": 6}.get(name, len(asked))


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_portal_shows_its_reports(world: World, name: str) -> None:
    site = world[name]
    for item in site.items if not site.layout.holds_reports else site.live()[:1]:
        status, body, headers = get(site.url + item.path)
        page = decode(body, headers["content-type"])
        assert status == 200
        assert item.paper.organ in page
        shown = text_of(page.encode()) if name != "nanzhou" else page
        assert item.paper.prose()[-2] in shown


def test_the_big5_gateway_shows_the_same_page_in_traditional_characters(world: World) -> None:
    site = world["yunxi"]
    item = site.items[0]
    status, body, _ = get(f"{site.url}/gate/big5/{site.listener.netloc}{item.path}")
    assert status == 200
    assert "雲溪縣" in body.decode()
    assert "云溪县" not in body.decode()
    assert "政府資訊公開" in body.decode()


def test_gb18030_bytes_stand_under_a_header_that_says_utf_8(world: World) -> None:
    site = world["qingshi"]
    _, body, headers = get(site.url + site.items[0].path)
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert "青石县".encode("gb18030") in body


def test_requests_differ_in_noise_only(world: World) -> None:
    site = world["wangjiang"]
    first, second = (get(site.url + site.items[0].path)[1] for _ in range(2))
    assert first != second
    assert (
        re.search(rb'<div id="zoom".*?content\.end', first, re.S)[0]
        == re.search(  # type: ignore[index]
            rb'<div id="zoom".*?content\.end', second, re.S
        )[0]
    )  # type: ignore[index]


# Acts


def test_publish_and_edit(yunxi: Portal) -> None:
    item = yunxi.publish(write_paper("云溪县审计局", 2024, extras="both"))
    url = yunxi.url + item.path
    assert item.paper.title in get(yunxi.section)[1].decode()
    before, after = yunxi.edit_digit(item)
    assert before != after
    page = text_of(get(url)[1])
    assert f"申请{after}件" in page
    assert f"申请{before}件" not in page
    old, new = yunxi.edit_char(item)
    assert old != new
    assert new in "".join(item.paper.prose())
    assert item.paper.prose() != write_paper("云溪县审计局", 2024, extras="both").prose()
    yunxi.edit_title(item, "改了的标题")
    assert "改了的标题" in text_of(get(url)[1])
    with pytest.raises(ValueError, match="does not say"):
        yunxi.edit_text(item, "没有的话", "")


def test_what_changes_no_word(yunxi: Portal) -> None:
    item = yunxi.find("云溪县人民政府", 2022)
    url = yunxi.url + item.path
    lines = [re.sub(r"\s", "", line) for line in item.paper.prose()]
    yunxi.redesign()
    assert all(line in text_of(get(url)[1]) for line in lines)
    yunxi.set_encoding("gb18030", header="", meta="gb2312")
    _, body, headers = get(url)
    assert headers["content-type"] == "text/html"
    assert all(line in text_of(decode(body, "text/html").encode()) for line in lines)
    yunxi.set_encoding("utf-8")
    yunxi.cosmetic(item)
    assert "“" not in "".join(item.paper.prose())
    yunxi.to_traditional(item)
    assert "雲溪縣" in get(url)[1].decode()


def test_files_behind_addresses(yunxi: Portal) -> None:
    item = yunxi.publish(write_paper("云溪县审计局", 2024, extras="both"))
    folder = (yunxi.url + item.path).rpartition("/")[0]
    document, picture = f"{folder}/{item.paper.documents[0].file}", f"{folder}/{item.paper.pictures[0].name}"
    acts: list[tuple[str, Callable[[], None]]] = [
        (document, lambda: yunxi.resave_document(item)),
        (document, lambda: yunxi.replace_document(item)),
        (picture, lambda: yunxi.resave_picture(item)),
        (picture, lambda: yunxi.replace_picture(item)),
    ]
    for url, act in acts:
        before = get(url)[1]
        act()
        assert get(url)[1] != before
    yunxi.rename_document(item, "附件：另一个名字")
    assert "附件：另一个名字" in get(yunxi.url + item.path)[1].decode()
    yunxi.lose_file(item, item.paper.pictures[0].name)
    assert get(picture)[0] == 404
    yunxi.lose_file(item, item.paper.pictures[0].name, lost=False)
    assert get(picture)[0] == 200


def test_taking_down_and_restoring(yunxi: Portal) -> None:
    item = yunxi.find("云溪县财政局", 2021)
    url = yunxi.url + item.path
    words = {
        "soft404": "不存在",
        "other": "延长服务时间",
        "refresh": "refresh",
        "script": "location",
        "home": "门户网站",
    }
    for how in ("404", "410", "soft404", "other", "refresh", "script", "home", "section"):
        yunxi.take_down(item, how)
        status, body, _ = get(url)
        assert status == (int(how) if how.isdigit() else 200)
        assert words.get(how, "") in body.decode()
        assert item.paper.prose()[-2] not in text_of(body)
    assert item.path.rpartition("/")[2] not in get(yunxi.section)[1].decode()
    yunxi.restore(item)
    assert item.paper.prose()[-2] in text_of(get(url)[1])
    yunxi.hide_from_list(item)
    assert not item.listed
    assert get(url)[0] == 200


def test_moving(yunxi: Portal) -> None:
    item, other = yunxi.items[:2]
    old = yunxi.url + item.path
    yunxi.move(item)
    assert item.paper.title in get(old)[1].decode()
    gone = yunxi.url + other.path
    yunxi.move(other, "relist")
    assert get(gone)[0] == 404
    assert get(yunxi.url + other.path)[0] == 200


def test_outages(yunxi: Portal) -> None:
    for kind in ("503", "403", "429", "412", "521", "202", "login", "empty"):
        yunxi.start_outage(kind)
        status, body, _ = get(yunxi.section)
        assert status == (int(kind) if kind.isdigit() else 200)
        assert (b"$_ts" in body) == (kind in ("412", "202"))
        assert (body == b"") == (kind == "empty")
    for kind, error in (("reset", ConnectionResetError), ("truncate", OSError), ("refused", urllib.error.URLError)):
        yunxi.start_outage(kind)
        with pytest.raises((error, Exception)) as caught:
            get(yunxi.section)
        assert not isinstance(caught.value, AssertionError)
        yunxi.end_outage()
    yunxi.start_outage("stall")
    with socket.create_connection((yunxi.listener.host, yunxi.listener.port), timeout=0.2) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(TimeoutError):
            client.recv(1)
    yunxi.end_outage()
    assert get(yunxi.section)[0] == 200
    yunxi.fail_page(2)
    assert get(yunxi.section)[0] == 200
    assert get(yunxi.section + "index_1.html")[0] == 500
    yunxi.fail_page(2, None)
    assert get(yunxi.section + "index_1.html")[0] == 200
    yunxi.trouble(yunxi.items[0], "412")
    assert get(yunxi.url + yunxi.items[0].path)[0] == 412
    assert get(yunxi.url + yunxi.items[1].path)[0] == 200


def test_an_overwritten_column_and_a_query() -> None:
    with World("songling", "taihe", "heping") as served:
        songling, taihe, heping = served
        assert "2024年1月1日起" in text_of(get(songling.section)[1])
        songling.publish(write_paper("松岭区人民政府", 2025))
        assert "松岭区人民政府2025年" in text_of(get(songling.section)[1])
        assert "2021年" in text_of(get(taihe.section.replace("{year}", "2021"))[1])
        assert "暂无" in text_of(get(taihe.section.replace("{year}", "2011"))[1])
        page = text_of(get(heping.section)[1])
        assert all(f"{year}年1月1日起" in page for year in range(2020, 2025))
        assert "2016年共主动公开" in page


def test_conditional_requests() -> None:
    with World("yunxi", validators=True) as served:
        site = served["yunxi"]
        item = site.items[0]
        _, body, headers = get(site.url + item.path)
        known = {"If-None-Match": headers["etag"], "If-Modified-Since": headers["last-modified"]}
        assert get(site.url + item.path, known)[0] == 304
        assert get(site.url + item.path, {"If-Modified-Since": headers["last-modified"]})[0] == 304
        site.edit_char(item)
        status, changed, fresh = get(site.url + item.path, known)
        assert status == 200
        assert changed != body
        assert fresh["last-modified"] != headers["last-modified"]


def test_the_server_answers_many_requests_on_one_connection(yunxi: Portal) -> None:
    yunxi.listener.gzip = True
    yunxi.listener.clock_offset = 3600
    with socket.create_connection((yunxi.listener.host, yunxi.listener.port), timeout=5) as client:
        for _ in range(3):
            client.sendall(b"HEAD /zwgk/zfxxgk/gknb/?a=%E4%BA%91 HTTP/1.1\r\nHost: x\r\n\r\n")
            head = client.recv(65536).decode()
            assert head.startswith("HTTP/1.1 200 OK\r\n")
            assert "Content-Encoding: gzip" in head
    assert len(yunxi.listener.log) == 3

"""A portal that publishes its tables as pictures, from the first pass to the alert about one digit."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor import ocr
from monitor.demo.server import Request, Response, Web
from tests.e2e.test_cli import Operator

PICTURES = Path(__file__).with_name("pictures")
ORGAN = "柳溪县司法局"
TITLE = f"{ORGAN}2025年政府信息公开工作年度报告"
HEADINGS = ("一、总体情况", "二、主动公开政府信息情况", "三、收到和处理政府信息公开申请情况", "四、存在的问题")

pytestmark = pytest.mark.skipif(not ocr.available(), reason="the ocr extra is not installed")


class Portal:
    """One report, whose third table is a picture."""

    picture = PICTURES / "requests_2025.png"

    def __call__(self, request: Request) -> Response:
        if request.path == "/nb/":
            link = f"<li><a href='/nb/202601/t20260120_7.html'>{TITLE}</a><span>2026-01-20</span></li>"
            return Response(f"<meta charset=utf-8><title>政府信息公开年报</title><ul>{link}</ul>".encode())
        if request.path.endswith(".png"):
            return Response(self.picture.read_bytes(), content_type="image/png")
        if not request.path.endswith(".html"):
            return Response(b"404", 404)
        body = "".join(f"<p>{heading}</p><p>{heading[2:]}见下。本机关依法办理，按时答复。</p>" for heading in HEADINGS)
        page = f"<meta charset=utf-8><title>{TITLE}</title><h1>{TITLE}</h1><div class=TRS_Editor>{body}"
        return Response(f"{page}<p><img src='./W020260120.png'></p></div>".encode())


@pytest.fixture
def portal() -> Portal:
    return Portal()


@pytest.fixture
def operator(tmp_path: Path, portal: Portal) -> Iterator[Operator]:
    with Web() as web:
        url = web.listen(portal, "127.0.0.1").url
        (tmp_path / "portals").mkdir()
        (tmp_path / "portals" / "liuxi.toml").write_text(
            f'title = "柳溪县司法局"\nfamily = "generic"\nsections = ["{url}/nb/"]\norgan = "{ORGAN}"\n'
            "[policy]\ndelay = 0\nallow_private = true\n",
            encoding="utf-8",
        )
        yield Operator(tmp_path)


def figures(operator: Operator) -> dict[str, tuple[Any, ...]]:
    rows = operator.rows(
        """SELECT f.field, f.value, f.source, f.confidence, f.url FROM figures f
        JOIN reports r ON r.current_version = f.version"""
    )
    return {row[0]: row[1:] for row in rows}


def test_one_digit_in_a_picture(operator: Operator, portal: Portal) -> None:
    operator.run("crawl", "liuxi")
    read = figures(operator)
    assert len(read) == 175
    value, source, confidence, url = read["requests.new.total"]
    assert (value, source) == (60.0, "ocr")
    assert confidence >= 0.9
    assert url.endswith("/nb/202601/W020260120.png")
    hashes = operator.rows("SELECT content_hash FROM versions")

    assert operator.json("crawl", "liuxi", now="2026-02-11T00:30:00Z")["events"] == []
    assert operator.rows("SELECT content_hash FROM versions") == hashes

    portal.picture = PICTURES / "requests_2025_edited.png"
    told = operator.json("crawl", "liuxi", now="2026-02-12T00:30:00Z")["events"]
    changed = next(event for event in told if event["kind"] == "changed")
    cells = {one["field"]: (one["old"], one["new"]) for one in changed["detail"]["figures"]}
    assert cells == {"requests.new.natural_person": ("38", "39"), "requests.new.total": ("60", "61")}
    assert re.search("表三“总计”列不再?平衡", str(changed["detail"]))
    assert figures(operator)["requests.new.total"][0] == 61.0
    assert {row["rule"] for row in operator.json("findings", "--rule", "table3_column")} == {"table3_column"}

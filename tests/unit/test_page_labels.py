"""Labels of a page's head whose value follows without a colon: `<b>发布机构</b>县政府办公室`."""

import pytest

from tests.unit.test_page_reader import BODY, one

TITLE = "某县2022年政府信息公开工作年度报告"


def page(label: str) -> str:
    return f"""<!DOCTYPE html><html><head><meta charset=utf-8><title>{TITLE}-某县人民政府</title></head><body>
<ul class=gk><li><b>标题</b>{TITLE}</li><li>{label}</li><li><b>发布日期</b>2023-02-16</li></ul>
<div class=doc><h1>{TITLE}</h1><div id=zoom>{BODY}</div></div></body></html>"""


@pytest.mark.parametrize(
    ("label", "source"),
    [
        ("<b>发布机构</b>县政府办公室", "县政府办公室"),
        ("<b>发布机构</b>某县大数据局<i></i>", "某县大数据局"),
        ("<em>公开主体</em><span>某县人民政府办公室</span>", "某县人民政府办公室"),
        ("<b>发布机构：</b>县政府办公室", "县政府办公室"),
        ("<b>发布机构</b>", ""),
        ("<b>发布机构</b>概况", ""),
        ("发布机构及其职责由本办公室", ""),
    ],
)
def test_a_publisher_without_a_colon(label: str, source: str) -> None:
    report = one(page(label))
    assert report.source == source
    assert report.published_on == "2023-02-16"

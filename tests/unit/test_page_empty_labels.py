"""A label of a page's head that has no value: the next label is none of it (`发布机构：　生效日期：2023-03-21`)."""

import pytest

from tests.unit.test_page_reader import BODY, one

TITLE = "某州2022年政府信息公开工作年度报告"


@pytest.mark.parametrize(
    ("head", "source"),
    [
        ("<table><tr><td>发布机构:</td><td></td></tr><tr><td>生效日期:</td><td>2023-03-21</td></tr></table>", ""),
        ("<div>索引号：7/2023　发布机构：　成文日期：2023-03-21</div>", ""),
        ("<p>发布机构： 文号： 2023-03-21</p>", ""),
        ("<p>来源： 更新时间：2023-03-21</p>", ""),
        ("<p>发布机构：州政府办公室　生效日期：2023-03-21</p>", "州政府办公室"),
        ("<p>来源：人民日报发布时间：2023-03-21</p>", "人民日报"),
        ("<p>发布机构：有效性审查中心</p>", "有效性审查中心"),
    ],
)
def test_the_next_label_is_no_value(head: str, source: str) -> None:
    page = f"""<!DOCTYPE html><html><head><meta charset=utf-8><title>{TITLE}</title></head><body>
<div class=doc><h1>{TITLE}</h1>{head}<div id=zoom>{BODY}</div></div></body></html>"""
    assert one(page).source == source

"""gkmlpt: where categories lead, totals, answers that are no list, shells that are no JSON, pages with the body in a script."""

import json
from typing import Any

import pytest

from crawler import families
from crawler.families.base import Step
from tests.unit.family_reading import TITLE, query, read, row, urls, walk

HOST = "http://www.geng.gov.cn"
SHELL = f"{HOST}/dq/gkmlpt/index"
YEARS = list(range(2025, 2016, -1))


def shell(tree: Any, sid: str = '"755001"') -> str:
    said = json.dumps(tree, ensure_ascii=False)
    return f"<html><body><script>window._CONFIG = {{SID: {sid}, TREE: {said}, X: 1}};</script></body></html>"


TREE = [{"id": 1, "name": "机构", "children": [{"id": 6, "name": "政府信息公开年报", "post_count": 9, "jump_url": ""}]}]


def articles(number: int, size: int = 4, **more: Any) -> str:
    rows = [
        {
            "id": year,
            "title": TITLE.format(year),
            "url": f"{HOST}/dq/gkmlpt/content/9/{year}/post_{year}.html",
            "date": 1611100800,
        }
        for year in YEARS[(max(number, 1) - 1) * size : max(number, 1) * size]
    ]
    return json.dumps({"articles": rows, **more})


def site(step: Step) -> str:
    if "/api/all/" not in step.url:
        return shell(TREE)
    assert query(step)["sid"] == "755001"
    return articles(int(query(step)["page"]), classify={"post_count": 9}, total=9)


def test_all_pages_from_one() -> None:
    """Pages 0 and 1 are the same: counting begins with 1."""
    done = walk("gkmlpt", SHELL, site)
    assert (len(done.links), done.problems) == (9, [])
    assert [query(step)["page"] for step in done.asked[1:]] == ["1", "2", "3"]


def test_no_total() -> None:
    done = walk(
        "gkmlpt", SHELL, lambda step: articles(int(query(step)["page"])) if "/api/" in step.url else shell(TREE)
    )
    assert (len(done.links), done.problems, len(done.asked)) == (9, [], 5)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "<html></html>",
        "{}",
        '{"articles":null}',
        '{"code":500,"message":"error"}',
        '{"articles":[]}',
        '{"articles":[],"total":3}',
        "[1]",
    ],
)
def test_an_answer_that_is_no_list(wrong: str) -> None:
    done = walk("gkmlpt", SHELL, lambda step: wrong if "/api/" in step.url else shell(TREE))
    assert (done.links, len(done.problems) > 0) == ([], True)
    done = walk("gkmlpt", SHELL, lambda step: wrong if "page=2" in step.url else site(step))
    assert (len(done.links), done.complete) == (4, False)


def test_the_number_is_not_read() -> None:
    done = walk("gkmlpt", SHELL, lambda step: articles(1, total=9) if "/api/" in step.url else shell(TREE))
    assert (len(done.links), done.complete) == (4, False)


def test_a_total_that_is_never_reached() -> None:
    done = walk(
        "gkmlpt",
        SHELL,
        lambda step: articles(int(query(step)["page"]), total=12) if "/api/" in step.url else shell(TREE),
    )
    assert (len(done.links), done.complete) == (9, False)


class TestJumps:
    def tree(self, jump: str, **more: Any) -> str:
        return shell([{"id": 6, "name": "政府信息公开工作年度报告", "jump_url": jump, **more}])

    def test_another_category(self) -> None:
        (step,) = read("gkmlpt", SHELL, self.tree("/dq/gkmlpt/index#61")).next
        assert step.url == f"{HOST}/dq/gkmlpt/api/all/61?page=1&sid=755001"

    def test_a_plain_column(self) -> None:
        def answer(step: Step) -> str:
            if step.url == SHELL:
                return self.tree("../zwgk/zfxxgknb/")
            assert step.url == f"{HOST}/dq/zwgk/zfxxgknb/"
            return row("./content/post_7.html", "庚区财政局") + '<a href="../zfxxgknb2023/">2023年</a>'

        done = walk("gkmlpt", SHELL, answer)
        assert (done.links, done.problems) == ([f"{HOST}/dq/zwgk/zfxxgknb/content/post_7.html"], [])
        (jump,) = read("gkmlpt", SHELL, self.tree("../zwgk/zfxxgknb/")).next
        page = read("gkmlpt", SHELL, answer(jump), jump, SHELL, annual=True)
        assert [column.year for column in page.columns] == [2023]
        assert read("gkmlpt", SHELL, "<html><body>访问出错</body></html>", jump, SHELL, annual=True).problem

    def test_another_directory(self) -> None:
        def answer(step: Step) -> str:
            if step.url == SHELL:
                return self.tree("//www.xin.gov.cn/gkmlpt/index#8")
            if step.url == "http://www.xin.gov.cn/gkmlpt/index":
                return shell([{"id": 8, "name": "x"}], "'2'")
            assert step.url == "http://www.xin.gov.cn/gkmlpt/api/all/8?page=1&sid=2"
            return articles(1, 9, total=9)

        assert len(walk("gkmlpt", SHELL, answer).links) == 9

    def test_articles_of_its_own_too(self) -> None:
        steps = read("gkmlpt", SHELL, self.tree("/zwgk/nb/", post_count=3)).next
        assert [step.url for step in steps] == [f"{HOST}/dq/gkmlpt/api/all/6?page=1&sid=755001", f"{HOST}/zwgk/nb/"]


def test_a_shell_in_plain_script() -> None:
    tree = "[{id: 6, name: '政府信息公开年报', children: [{id: 61, name: '2023年'}], jump_url: ''}]"
    text = f"<script>_CONFIG = {{'SID':'7', TREE: {tree}, T: f(x)}}</script>"
    page = read("gkmlpt", SHELL, text)
    assert [step.url for step in page.next] == [f"{HOST}/dq/gkmlpt/api/all/6?page=1&sid=7"]
    assert [(column.url, column.year) for column in page.columns] == [(f"{HOST}/dq/gkmlpt/index#61", 2023)]


@pytest.mark.parametrize(
    "tree",
    [
        [{"id": 6, "name": "政府信息公开年报", "children": "x"}],
        [{"id": 6, "name": "政府信息公开年报", "children": [1, None, {"name": "2023年"}]}],
    ],
)
def test_odd_trees(tree: Any) -> None:
    assert len(read("gkmlpt", SHELL, shell(tree)).next) == 1


def test_twins_in_one_list() -> None:
    """A telephone's view beside the page: both are told, and are one page by their twin key."""
    page = read(
        "gkmlpt",
        f"{HOST}/zwgk/zfxxgknb/",
        row("content/post_7.html", "庚区财政局") + row("content/mpost_7.html", "庚区财政局"),
    )
    assert len(urls(page)) == 2


def test_a_body_in_plain_script() -> None:
    detail = "{id: 1, title: '甲', content: '<p>一、总体情况<\\/p>', attachment: []}"
    text = f"<html><head></head><body><script>var _CONFIG = {{DETAIL: {detail}}}</script></body></html>"
    assert '<div class="article-content"><p>一、总体情况</p></div>' in families.get("gkmlpt").unwrap(text)

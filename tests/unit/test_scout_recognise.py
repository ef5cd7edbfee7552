"""Which family a portal runs on (`crawler.scout.recognise`)."""

import pytest

from crawler import families
from crawler.scout.model import Seen
from crawler.scout.recognise import CAPS, SURE, recognise
from crawler.scout.signs import ADDRESSES, CODE, MARKUP
from tests.unit.scout_pages import FAMILIES, MIXED, seen

_IDS = [f"{at}-{family}" for at, (family, _, _) in enumerate(FAMILIES)]


def test_every_family_can_be_recognised_and_is_one() -> None:
    told = {sign.family for sign in (*ADDRESSES, *CODE, *MARKUP)} | {"generic"}
    assert told == families.names()
    assert {family for family, _, _ in FAMILIES} == families.names()


@pytest.mark.parametrize(("family", "section", "report"), FAMILIES, ids=_IDS)
def test_a_section_and_a_report_tell_the_family(family: str, section: Seen, report: Seen) -> None:
    found = recognise([section, report])
    assert found[0].family == family, found
    assert found[-1].family == "generic"
    assert all(SURE <= item.score <= 1 for item in found[:-1])
    assert [item.score for item in found[:-1]] == sorted((item.score for item in found[:-1]), reverse=True)
    assert all(item.evidence for item in found)


@pytest.mark.parametrize(("family", "section", "report"), FAMILIES, ids=_IDS)
def test_either_page_alone_tells_no_other_family(family: str, section: Seen, report: Seen) -> None:
    # A uuid page does not say whether its list is asked for as /queryList.
    kin = {"querylist": {"uuid"}}.get(family, set())
    for page in (section, report):
        assert recognise([page])[0].family in {family, "generic", *kin}


@pytest.mark.parametrize(("what", "family", "pages"), MIXED, ids=[what for what, _, _ in MIXED])
def test_marks_of_another_family_do_not_mislead(what: str, family: str, pages: tuple[Seen, ...]) -> None:
    assert recognise(pages)[0].family == family


def test_a_few_links_to_an_older_system_name_no_second_family() -> None:
    new = "".join(f'<a href="./202401/t2024012{at}_23111{at}.html">a</a>' for at in range(9))
    old = "".join(f'<a href="/col/col{at}/index.html">b</a>' for at in range(2))
    assert [item.family for item in recognise([seen("/zwgk/zfxxgknb/", new + old)])] == ["trs", "generic"]


def test_how_a_list_is_asked_for_outweighs_what_addresses_look_like() -> None:
    """Seen on a department's page of Jiangxi: Hanweb's column addresses, rows by webSiteCode and channelCode."""
    links = "".join(f'<a href="/jxs/col/col4206{at}/index.html">栏目</a>' for at in range(8))
    code = "<script>loadPageData({current: 1, webSiteCode: ['jxs'], channelCode: ['col42150'], perPage: '15'}, '380055');</script>"
    assert recognise([seen("/jxs/col/col42060/index.html", links)])[0].family == "hanweb"
    assert recognise([seen("/jxs/col/col42060/index.html", links + code)])[0].family == "querylist"


def test_evidence_of_several_pages_adds_up() -> None:
    _, section, report = FAMILIES[0]
    together = recognise([section, report])[0]
    assert together.score > max(recognise([section])[0].score, recognise([report])[0].score)
    weights = [item.weight for item in together.evidence]
    assert weights == sorted(weights, reverse=True)


def test_evidence_quotes_the_page_in_one_short_line() -> None:
    for _, section, report in FAMILIES:
        for item in recognise([section, report]):
            for reason in item.evidence:
                assert len(reason.quote) <= 120
                assert reason.quote == " ".join(reason.quote.split())
                assert reason.what.strip()
                assert "\n" not in reason.what
    quotes = [reason.quote for reason in recognise([FAMILIES[0][1]])[0].evidence]
    assert any(quote.startswith("createPageHTML(3, 0,") for quote in quotes)


def test_marks_of_one_body_say_no_more_than_a_body_can() -> None:
    body = '<div class="TRS_Editor"></div><div class="TRS_UEDITOR"></div><a OLDSRC="/protect/P1/1.pdf">a</a>'
    found = recognise([Seen("https://www.qinghe.gov.cn/x", 200, body)])
    assert [item.family for item in found] == ["generic"]
    assert CAPS["body"] < SURE
    assert any("too little for trs" in reason.what for reason in found[0].evidence)


def test_an_address_that_no_longer_answers_says_less() -> None:
    address = "https://www.qinghe.gov.cn/col/col1229487608/index.html"
    gone = recognise([Seen(address, 404, "<html>404</html>")])
    here = recognise([Seen(address, 200, "<html></html>")])
    assert gone[0].family == here[0].family == "hanweb"
    assert gone[0].score < here[0].score


def test_a_page_that_was_refused_is_not_searched_for_marks() -> None:
    blocked = Seen(
        "https://www.qinghe.gov.cn/", 412, "<script>createPageHTML(3, 0, 'index', 'html');</script><UCAPTITLE>"
    )
    assert [item.family for item in recognise([blocked])] == ["generic"]


def test_pages_of_another_host_count_half() -> None:
    own = Seen("https://www.qinghe.gov.cn/col/col1/index.html", 200, "")
    strange = Seen("https://fgj.qinghe.gov.cn/zfxxgknb/202301/t20230119_2347411.html", 200, "")
    found = recognise([own, own, strange])
    assert found[0].family == "hanweb"
    assert all(item.family != "trs" for item in found)


def test_the_traditional_gateway_shows_what_it_is_a_view_of() -> None:
    view = Seen("https://www.qinghe.gov.cn/gate/big5/www.qinghe.gov.cn/zwgk/202301/t20230119_2347411.html", 200, "")
    assert recognise([view])[0].family == "trs"


def test_who_made_it_is_evidence_where_the_page_says_so_and_not_alone_enough() -> None:
    foot = '<div>技术支持：<a href="http://www.hanweb.com">南京大汉网络有限公司</a></div>'
    found = recognise([seen("/", foot)])
    assert [item.family for item in found] == ["generic"]
    assert any("too little for hanweb" in reason.what and "大汉" in reason.quote for reason in found[0].evidence)
    assert (
        recognise([seen("/", foot + '<a href="/col/col1/index.html">a</a><a href="/col/col2/index.html">b</a>')])[
            0
        ].family
        == "hanweb"
    )
    news = "<p>清和县与大汉科技签约，拓尔思、开普云、龙讯、博达参会。</p>"
    assert recognise([seen("/", news)])[-1].evidence[0].what == "no family shows itself"


def test_nothing_at_all_is_generic() -> None:
    assert [item.family for item in recognise([])] == ["generic"]
    assert [item.family for item in recognise([Seen("", 0, "")])] == ["generic"]
    assert [item.family for item in recognise([Seen("http://[bad", 200, "<a href='http://[x'>x</a>")])] == ["generic"]


def test_a_json_answer_is_evidence_too() -> None:
    answer = '{"articles":[{"title":"年报","url":"https://www.qinghe.gov.cn/gkmlpt/content/8/8081/post_8081133.html"},{"url":"https://www.qinghe.gov.cn/gkmlpt/content/8/8081/post_8081134.html"}]}'
    assert (
        recognise([Seen("https://www.qinghe.gov.cn/gkmlpt/api/all/4451?page=1&sid=445001", 200, answer)])[0].family
        == "gkmlpt"
    )

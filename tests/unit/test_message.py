"""What readers see: first line, differences, proof, times; and that hostile pages stay text."""

import re
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.event_detail import (
    KINDS,
    Appeared,
    AttachmentChange,
    Baseline,
    Changed,
    Detail,
    FieldChange,
    FigureChange,
    Figures,
    Finding,
    LikelySection,
    Listing,
    Moved,
    Overdue,
    OverdueOrgan,
    PortalTrouble,
    Reading,
    Restored,
    Service,
    TakenDown,
    TextChange,
    decode,
    encode,
)
from monitor.event_view import EventView, Style
from monitor.markup import clean, cut, fit
from monitor.message import compose, digest, summarise, trial_message
from monitor.times import format_utc, local, shift, shown, to_utc
from monitor.wording import inline

TABLE = "表三 收到和处理政府信息公开申请情况"
CHANGED = Changed(
    figures=(
        FigureChange("总计 · 一、本年新收申请", "248", "284", TABLE),
        FigureChange("自然人 · 三(四)1 本机关不掌握", "64", "100", TABLE),
    ),
    text=(
        TextChange(
            "一、总体情况 (四)",
            "全市共受理政府信息公开申请248件，较2019年增长率为13.76%。",
            "全市共受理政府信息公开申请284件，较2019年增长率为13.76%。",
        ),
    ),
    checks=("修改后表三“总计”列不再平衡：一＋二 = 284，三(七)＋四 = 248",),
    last_verified_at="2026-11-20T00:30:00Z",
    published_on="2021-01-29",
)
TAKEN_DOWN = TakenDown(
    readings=(
        Reading("2026-11-18T00:30:00Z", 404),
        Reading("2026-11-19T00:31:00Z", 404),
        Reading("2026-11-20T00:30:00Z", 404),
    ),
    listed=12,
    online_since="2024-02-10",
    last_verified_at="2026-11-17T00:30:00Z",
)
APPEARED = Appeared(
    published_on="2026-01-29",
    due_on="2026-01-31",
    figures=Figures(53, 20, 9, 2, 1),
    previous=Figures(61, 24, 11, 0, 0),
    checked=True,
)
DETAILS: dict[str, Detail] = {
    "baseline": Baseline(
        reports=92, organs=30, years={"2024": 30}, overdue=(OverdueOrgan("某局", 2025, "2026-01-31"),)
    ),
    "appeared": APPEARED,
    "changed": CHANGED,
    "taken_down": TAKEN_DOWN,
    "restored": Restored(taken_down_at="2026-11-20T00:30:00Z"),
    "moved": Moved("https://a.gov.cn/old.html", "https://a.gov.cn/new.html"),
    "delisted": Listing(listed=11),
    "relisted": Listing(listed=12),
    "overdue": Overdue("2026-01-31", last_year=2024),
    "portal_down": PortalTrouble(reason="连续 3 次无法读取（412 验证）"),
    "portal_broken": PortalTrouble(reason="栏目页不再列出年报", gone=9, total=12),
    "portal_recovered": PortalTrouble(reason="恢复读取"),
    "service": Service(what="disk", reason="磁盘将满"),
    "finding": Finding(rule="period", severity="warning", detail="统计期限不可能"),
}


def view(kind: str, number: int = 1, **fields: object) -> EventView:
    about = not kind.startswith(("portal_", "service", "baseline"))
    values: dict[str, object] = {
        "id": number,
        "kind": kind,
        "detected_at": "2026-11-21T00:31:00Z",
        "detail": DETAILS[kind],
        "portal": "linhai",
        "portal_title": "临海市人民政府门户",
        "region": "331082",
        "url": "https://www.linhai.gov.cn/art/1.html",
        "summary": "原摘要",
    }
    if about:
        values |= {"report": number, "organ": "临海市人民政府", "year": 2020, "seq": 3, "hash": "9f2c" * 16}
    if kind == "changed":
        values |= {"from_seq": 2, "to_seq": 3}
    return EventView(**{**values, **fields})  # type: ignore[arg-type]


def test_every_kind_has_a_schema_a_text_and_survives_storage() -> None:
    assert set(DETAILS) == set(KINDS)
    for kind, detail in DETAILS.items():
        assert decode(kind, encode(detail)) == detail
        message = compose([view(kind)], Style())
        assert message.subject.startswith("【")
        assert "\n" not in message.subject
        assert "2026-11-21 08:31" in message.text, kind
        assert summarise(view(kind))


def test_where_a_broken_portal_seems_to_be_now_is_in_its_message() -> None:
    likely = (LikelySection("https://www.linhai.gov.cn/c1/zwgklist.shtml", "ucap", 12),)
    detail = PortalTrouble(
        reason="栏目页可以打开，但不再列出年报", sections=("https://www.linhai.gov.cn/nb/",), likely=likely
    )
    text = compose([view("portal_broken", detail=detail)], Style()).text
    assert "疑似新栏目（系统 ucap，年报 12 篇）" in text
    assert "https://www.linhai.gov.cn/c1/zwgklist.shtml" in text
    hostile = LikelySection("https://x.gov.cn/\x1b[31m" + "a" * 3000, "trs", 1)
    text = compose([view("portal_broken", detail=PortalTrouble(reason="改版", likely=(hostile,) * 9))], Style()).text
    assert "\x1b" not in text
    assert len(text) < 3000


def test_details_of_a_later_version_can_be_read_and_nonsense_cannot() -> None:
    assert decode("moved", '{"from_url":"a","to_url":"b","later":1}') == Moved("a", "b")
    for kind, text in (("moved", "{}"), ("moved", "nonsense"), ("vanished", "{}")):
        with pytest.raises(ValueError, match="events"):
            decode(kind, text)


def test_changed() -> None:
    message = compose([view("changed")], Style())
    assert message.subject == "【年报变更】临海市人民政府 2020 年 · 表三 2 处，正文 1 处"
    for part in (
        TABLE,
        "总计 · 一、本年新收申请        248 → 284",
        "申请 [248 → 284] 件",
        "核对  修改后表三",
        "上次核实无变化 2026-11-20 08:30",
        "页面标注日期仍为 2021-01-29",
        "对比 nianbao diff 1 2 3",
        "v3 · SHA-256 9f2c",
    ):
        assert part in message.text, part
    assert "https://w.example/diff/1/2/3" in compose([view("changed")], Style(web_url="https://w.example/")).text
    chat = message.markdown
    assert chat.count("→") == 2
    assert "[页面](https://www.linhai.gov.cn/art/1.html)" in chat
    assert len(chat.encode()) < 2048


def test_what_a_change_brought_and_what_it_mended() -> None:
    detail = msgspec.structs.replace(
        CHANGED,
        checks=("表三“总计”列不平衡：一＋二 = 284，三(七)＋四 = 248", "统计期限不可能：2020年1月1日至2019年12月31日"),
        caused=(
            "表三“总计”列不平衡：一＋二 = 284，三(七)＋四 = 248",
            "表三2020年“四、结转下年度”与2021年“二、上年结转”不一致：总计 6 → 5",
        ),
        cured=("表四“行政复议”不平衡：四项合计 = 3，总计 = 4",),
        verdict=("表三不再平衡", "表四已平衡"),
    )
    message = compose([view("changed", detail=detail)], Style())
    assert message.subject.endswith("2020 年 · 表三 2 处，正文 1 处，表三不再平衡，表四已平衡")
    assert [line for line in message.text.splitlines() if line.startswith("核对")] == [
        "核对  修改后表三“总计”列不再平衡：一＋二 = 284，三(七)＋四 = 248",
        "核对  修改后表三2020年“四、结转下年度”与2021年“二、上年结转”不一致：总计 6 → 5",
        "核对  修改前的问题已不存在：表四“行政复议”不平衡：四项合计 = 3，总计 = 4",
        "核对  统计期限不可能：2020年1月1日至2019年12月31日",
    ]


def test_where_a_changed_figure_was_read() -> None:
    seen = FigureChange("总计 · 一、本年新收", "12", "15", TABLE, "requests.new.total", "ocr", 0.93, "https://a/1.png")
    filed = FigureChange(
        "总计 · 二、上年结转", "1", "2", TABLE, "requests.carried_in.total", "pdf", 1.0, "https://a/1.pdf"
    )
    text = compose([view("changed", detail=Changed(figures=(seen, filed)))], Style()).text
    assert "12 → 15　OCR 识别（置信度 0.93）" in text
    assert "1 → 2　见附件" in text


def test_changed_title_attachment_and_rekeyed() -> None:
    detail = Changed(
        fields=(FieldChange("公开日期", "2021-01-29", "2021-03-01"),),
        attachments=(AttachmentChange("报告.pdf", "changed"),),
        figures_total=30,
        figures=(FigureChange("a", "1", ""),),
    )
    message = compose([view("changed", detail=detail)], Style())
    assert message.subject.endswith("公开日期，表格 30 处，附件 1 处")
    assert "附件内容变更  报告.pdf" in message.text
    assert "1 → （空）" in message.text
    rekeyed = Changed(fields=(FieldChange("年度", "2019", "2020"),), reason="rekeyed", year_from="published")
    assert "（年份为推定） · 更正：年度 2019 → 2020" in compose([view("changed", detail=rekeyed)], Style()).subject


def test_taken_down() -> None:
    message = compose([view("taken_down")], Style())
    assert message.subject == "【年报撤下】临海市人民政府 2020 年 · 3 次确认"
    assert "2026-11-18 08:30、11-19 08:31、11-20 08:30 三次读取均为 404；其间栏目正常，列出 12 篇。" in message.text
    assert "此前在线 2 年 9 个月，最后核实 2026-11-17 08:30。" in message.text
    assert "原地址 https://" in message.text


def test_appeared() -> None:
    message = compose([view("appeared", year=2025)], Style())
    assert message.subject == "【年报公开】临海市人民政府 2025 年 · 2026-01-29 公开（期限 01-31）"
    assert "新收申请 53　予以公开 20　无法提供 9　复议 2　诉讼 1　（上年 61 / 24 / 11 / 0 / 0）" in message.text
    assert "核对  无问题" in message.text
    late = msgspec.structs.replace(APPEARED, late_days=12, same_as="海珠区人民政府", year_from="column")
    subject = compose([view("appeared", detail=late)], Style()).subject
    assert "逾期 12 天" in subject
    assert "（转载自 海珠区人民政府）" in subject
    assert "（年份为推定）" in subject
    read = msgspec.structs.replace(APPEARED, figures=Figures(1, source="ocr", confidence=0.934))
    assert "OCR 识别（置信度 0.93）" in compose([view("appeared", detail=read)], Style()).text


def test_marks_corrections_and_english() -> None:
    assert compose([view("moved")], Style(duplicate=True)).subject.endswith("（可能重复）")
    wrong = msgspec.structs.replace(TAKEN_DOWN, retracted_why="当时站点在改版")
    message = compose([view("taken_down", detail=wrong, purpose="retraction")], Style())
    assert message.subject == "【更正】临海市人民政府 2020 年 · 此前的“年报撤下”通知作废"
    assert "当时站点在改版" in message.text
    assert compose([view("changed")], Style(language="en")).subject.startswith("[Changed] 临海市人民政府 2020")
    assert compose([view("changed")], Style(zone="UTC")).text.count("2026-11-21 00:31") == 1
    assert "office" in trial_message("office", "2026-01-01T00:00:00Z", Style()).subject


def test_several_events_on_one_report_in_the_law_s_order() -> None:
    events = [view("changed", 3, report=7), view("moved", 2, report=7), view("restored", 1, report=7)]
    message = compose(events, Style())
    assert message.subject.startswith("【年报恢复、迁移、变更】临海市人民政府 2020 年 · 重新上线；网址变更；表三")
    assert message.text.index("现已恢复") < message.text.index("新网址") < message.text.index("248 → 284")
    assert message.text.count("页面 https://a.gov.cn/new.html") == 1


def test_a_migration_is_one_message() -> None:
    message = compose([view("moved", number, year=2000 + number) for number in range(1, 201)], Style())
    assert message.subject == "【年报迁移】临海市人民政府门户 · 200 篇"
    assert "等共 200 篇" in message.text
    assert message.text.count("网址变更") == 40
    assert len(message.markdown.encode()) < 2048


def test_an_outage_is_one_message() -> None:
    events = [view("portal_down", n, portal=f"p{n}", portal_title=f"门户{n}") for n in range(3)]
    message = compose(events, Style())
    assert message.subject == "【门户无法读取】3 个门户"
    assert "门户2  连续 3 次无法读取（412 验证）" in message.text


def test_a_daily_digest() -> None:
    events = [view("appeared", n, region="33" if n % 2 else "44") for n in range(1, 41)]
    events += [view("changed", 50), view("taken_down", 51), view("portal_down", 52)]
    message = digest(events, Style(), "daily", "2026-01-31T00:30:00Z")
    assert message.subject == "【年报日报】01-31 · 公开 40　变更 1　撤下 1　逾期 0　门户异常 1"
    assert "公开  浙江 20　广东 20" in message.text
    assert "撤下  临海市人民政府 2020 年  3 次确认" in message.text


def test_a_digest_tells_the_gravest_first_and_counts_what_is_left_by_portal() -> None:
    events = [view("changed", n, report=n, portal=f"p{n % 3}", portal_title=f"{n % 3}市") for n in range(60)]
    events += [view("taken_down", 70, report=70), view("overdue", 71, purpose="retraction")]
    message = digest(events, Style(), "daily", "2026-01-31T00:30:00Z")
    assert message.subject.startswith("【年报日报】01-31 · 公开 0　变更 60　撤下 1")
    assert [line[:2] for line in message.text.splitlines()[:3]] == ["更正", "撤下", "变更"]
    assert "……另有 22 件  2市 20　1市 2" in message.text


def test_what_operators_read_says_what_to_do() -> None:
    long = "通道“office”已超过一天没有送达任何通知，3 条在重试（" + "smtp：连接被拒绝 " * 12 + "）。"
    detail = Service(
        what="channel_failing",
        reason=long,
        remedy="检查其地址、密码和网络，再用 nianbao alerts test office 试发。",
        since="2026-11-20T00:31:00Z",
        portals=tuple(f"第{number}区" for number in range(40)),
    )
    told = compose([view("service", detail=detail, portal="", portal_title="")], Style())
    assert told.subject.startswith("【运行提示】nianbao · 通道“office”已超过一天没有送达任何通知")
    assert long[-20:] not in told.subject
    lines = told.text.splitlines()
    assert lines[0] == clean(long, 1000)
    assert lines[1:3] == [
        "始于 2026-11-20 08:31",
        "处理  检查其地址、密码和网络，再用 nianbao alerts test office 试发。",
    ]
    assert "第29区" in lines[3]
    assert "另有 10 个门户" in told.text
    assert "试发" in told.markdown
    short = compose([view("service", portal="", portal_title="")], Style())
    assert "磁盘将满" not in short.text  # the first line says it


def test_no_events_no_message() -> None:
    with pytest.raises(ValueError, match="event"):
        compose([], Style())


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]
        assert not any(name.startswith("on") for name, _ in attrs)


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "[点击](https://evil.example)",
    '<@all> @所有人 <at user_id="all">',
    "行一\r\nBcc: victim@example.cn\n# 标题",
    "数字\u202e482\u202c",
    "**粗** `代码` ~~删~~",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_what_pages_say_stays_text(words: str) -> None:
    detail = Changed(
        figures=(FigureChange(words, words, "1", words),),
        text=(TextChange(words, words, "别的"),),
        fields=(FieldChange(words, words, words),),
        attachments=(AttachmentChange(words, "added"),),
        checks=(words,),
        lines=(words,),
        same_as=words,
        published_on=words,
    )
    for url in ("javascript:alert(1)", f"https://a.gov.cn/{words}", 'https://a.gov.cn/"onclick=1'):
        message = compose([view("changed", organ=words, detail=detail, url=url)], Style())
        assert not re.search(r"[\r\n\u202e]", message.subject)
        assert "\u202e" not in message.text + message.html + message.markdown
        tags = Tags()
        tags.feed(message.html)
        assert tags.seen <= {"p", "b", "small", "a", "br"}
        assert all(link.startswith("https://") for link in tags.links)
        assert "](https://evil" not in message.markdown
        assert "<@" not in message.markdown
        assert "<at" not in message.markdown
        assert "@所有人" not in message.markdown


def test_inline_marks_whole_numbers() -> None:
    assert inline("共248件", "共284件") == "共 [248 → 284] 件"
    assert inline("", "新的一句。") == "[新增] 新的一句。"
    assert inline("旧的一句。", "") == "[删除] 旧的一句。"
    assert "[∅ → 不]" in inline("予以公开", "不予以公开")


@given(st.text(max_size=400), st.integers(min_value=0, max_value=300))
def test_fit_keeps_its_limit_and_whole_characters(text: str, limit: int) -> None:
    text = text.encode(errors="ignore").decode()
    assert len(cut(text, limit).encode()) <= limit
    assert len(fit(text, limit).encode()) <= limit


def test_fit_keeps_the_first_line_and_the_links() -> None:
    lines = ["**【年报变更】临海市**", *(f"- 第{n}处 变更" for n in range(100)), "[页面](https://a.gov.cn/1)"]
    short = fit("\n".join(lines), 512)
    assert short.startswith("**【年报变更】临海市**\n- 第0处 变更\n")
    assert short.endswith("行）\n[页面](https://a.gov.cn/1)")
    assert 400 < len(short.encode()) <= 512
    long = fit("**" + "长" * 2000 + "**\n行\n[页面](https://a.gov.cn/1)　[对比](https://b/2)", 2048)
    assert len(long.encode()) <= 2048
    assert long.endswith("…**\n[页面](https://a.gov.cn/1)　[对比](https://b/2)")


def test_clean() -> None:
    assert clean(" a\r\n\tb\u200b\u202ec\x00 ") == "a bc"
    assert clean("长" * 400).endswith("…")


def test_times() -> None:
    assert shown("2026-11-21T16:31:00Z") == "2026-11-22 00:31"
    assert shown("unknown") == "unknown"
    assert format_utc(local("2026-11-21T16:31:00Z")) == "2026-11-21T16:31:00Z"
    assert shift("2026-12-31T23:59:59Z", 1) == "2027-01-01T00:00:00Z"
    assert shift("9999-12-31T23:59:59Z", 1) == "9999-12-31T23:59:59Z"
    for text in ("2026-11-21", "2026-11-21T16:31:00+08:00", "2026-13-01T00:00:00Z"):
        with pytest.raises(ValueError, match="2026"):
            to_utc(text)


def test_a_take_down_says_in_plain_words_what_was_read() -> None:
    def said(*readings: Reading, reason: str = "") -> str:
        detail = msgspec.structs.replace(TAKEN_DOWN, readings=readings, reason=reason)
        return compose([view("taken_down", detail=detail)], Style()).text.splitlines()[0]

    url = "https://www.linhai.gov.cn/art/1.html"
    without = Reading("2026-11-18T00:30:00Z", 200, "title 2025年度报告", url, "gone")
    same = Reading("2026-11-19T00:30:00Z", 200, "", url, "gone")
    home = Reading("2026-11-20T00:30:00Z", 200, "redirect to the home page", "https://www.linhai.gov.cn/", "gone")
    notice = Reading("2026-11-20T00:30:00Z", 200, "信息已删除", url, "gone")
    assert "两次读取，页面仍在，但不再含该年度报告；其间栏目正常" in said(without, same)
    assert "三次读取分别：页面仍在，但不再含该年度报告；页面仍在，但不再含该年度报告；跳转至首页；其间" in said(
        without, same, home
    )
    assert "一次读取页面提示“信息已删除”；其间" in said(notice)
    assert "两次读取均跳转至首页；其间" in said(home, home)
    assert "两次读取，页面仍在，但已换成其他年度的报告；其间" in said(without, same, reason="overwritten")


def test_a_correction_says_what_was_wrong_and_what_holds() -> None:
    for kind in set(KINDS) - {"baseline", "service", "finding"}:
        detail = msgspec.structs.replace(DETAILS[kind], retracted_why="当时站点在改版", retracted_by="wang")
        text = compose([view(kind, detail=detail, purpose="retraction")], Style()).text
        assert "更正原因：当时站点在改版" in text, kind
        assert "原通知：2026-11-21 08:31　【" in text, kind
        assert len(text.splitlines()) >= 5, kind
    moved = msgspec.structs.replace(DETAILS["moved"], retracted_why="另一份文件", retracted_by="wang")
    assert "new.html" not in compose([view("moved", detail=moved, purpose="retraction")], Style()).text

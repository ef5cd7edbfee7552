"""Captured HTML made harmless: what comes out has words, tables and our pictures, whatever went in."""

import hashlib
import re
from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from crawler.page.decode import decode
from monitor.web import sanitise as module
from monitor.web.sanitise import CSP, STYLE, sanitise

URL = "http://www.example.gov.cn/a/b.html"
PICTURE = "data:image/png;base64,iVBORw0KGgo="
TAGS = {
    *("html", "head", "meta", "title", "style", "body"),  # our own frame
    *("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "blockquote", "pre", "br", "hr"),
    *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "b", "i", "u", "s", "sub", "sup", "span", "img"),
}  # fmt: skip
ATTRIBUTES = {("img", "src"), ("img", "alt"), ("span", "title"), ("span", "class"), ("td", "colspan"), ("td", "rowspan"),
              ("th", "colspan"), ("th", "rowspan"), ("html", "lang"), ("meta", "charset")}  # fmt: skip


def harmless(document: str) -> str:
    """Asserts that a browser's parser finds nothing in it but what may be; its visible text."""
    tree = LexborHTMLParser(document)
    styles = 0
    for node in tree.css("*"):
        assert node.tag in TAGS, document
        for name, value in node.attributes.items():
            assert (node.tag, name) in ATTRIBUTES, document
            if name == "src":
                assert value == PICTURE, document
            if name == "class":
                assert value in ("l", "n"), document
        styles += node.tag == "style"
    assert styles == 1
    assert tree.css_first("style").text() == STYLE
    assert not re.search(r"<!--(?!>)|<\?|<!\[CDATA", document), document
    return str(tree.body.text())


NASTY = (
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//x></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<svg><script>alert(1)</script></svg>",
    "<svg/onload=alert(1)>",
    '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    '<math><annotation-xml encoding="text/html"><img src=x onerror=alert(1)></annotation-xml></math>',
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
    '<a href="javascript:alert(1)">x</a>',
    '<a href="java&#x09;script:alert(1)">x</a>',
    '<a href=" \x01javascript&colon;alert(1)">x</a>',
    '<a href="&#106;&#97;vascript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<a href="vbscript:x" target=_top>x</a>',
    "<img src=javascript:alert(1)>",
    "<img src=data:image/svg+xml;base64,PHN2Zz4= onerror=alert(1)>",
    '<img src="http://canary.example/x.png" srcset="http://canary.example/y 2x">',
    "<img src=p0>",
    "<image src=x onerror=alert(1)>",
    '<div style="background:url(http://canary.example/x)">x</div>',
    '<div style="position:fixed;inset:0;z-index:9">x</div>',
    "<div style=\"width:expression(alert(1));behavior:url(x.htc);-moz-binding:url('x')\">x</div>",
    "<style>@import 'http://canary.example/x.css';</style>",
    "<style>body{background:url(http://canary.example/x)}</style>",
    "<link rel=stylesheet href=http://canary.example/x.css><link rel=prefetch href=http://canary.example/>",
    '<base href="http://canary.example/"><img src=x.png>',
    '<base target="_top"><a href=x>x</a>',
    '<meta http-equiv=refresh content="0;url=http://canary.example/">',
    "<meta http-equiv=Content-Security-Policy content=\"default-src *\">",
    "<iframe src=http://canary.example/></iframe>",
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    "<frameset><frame src=http://canary.example/></frameset>",
    "<object data=http://canary.example/></object><embed src=http://canary.example/>",
    '<applet code="x"></applet>',
    "<video src=http://canary.example/ poster=http://canary.example/p></video><audio src=x autoplay></audio>",
    "<form action=http://canary.example/><input name=a autofocus onfocus=alert(1)><button>x</button></form>",
    "<isindex action=javascript:alert(1)>",
    "<template><script>alert(1)</script></template>",
    '<div><template shadowrootmode="open"><script>alert(1)</script></template></div>',
    "<!-- <script>alert(1)</script>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!--!> <img src=x onerror=alert(1)>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml-stylesheet href=javascript:alert(1)?>",
    "<xmp><img src=x onerror=alert(1)></xmp><plaintext><script>alert(1)</script>",
    "<textarea></textarea><img src=x onerror=alert(1)></textarea>",
    "<title></title><img src=x onerror=alert(1)></title>",
    "<select><option><style></option></select><img src=x onerror=alert(1)></style>",
    "<body onload=alert(1) background=http://canary.example/><p onmouseover=alert(1)>x",
    "<table background=http://canary.example/><td background=javascript:alert(1) colspan=9999999 rowspan=-1>x",
    "<details open ontoggle=alert(1)>x</details><marquee onstart=alert(1)>x</marquee>",
    "<portal src=http://canary.example/></portal><dialog open>x</dialog>",
    '<p id=x name=body class="l n evil" tabindex=1 accesskey=x contenteditable>x',
    "<custom-element onclick=alert(1) is=x>x</custom-element>",
    "<img alt='\"><script>alert(1)</script>' src=x>",
    "<a href='http://x.gov.cn/\"onmouseover=alert(1) x=\"'>x</a>",
    "<td colspan='2\" onclick=\"alert(1)'>x",
    "</body></html><script>alert(1)</script>",
    "<div" + " a" * 5000 + ">x",
    "<div>" * 3000 + "<script>alert(1)</script>",
    "\x00<scr\x00ipt>alert(1)</scr\x00ipt>",
    "<\x00script>alert(1)</script>",
    "＜script＞alert(1)＜/script＞",
)  # fmt: skip


@pytest.mark.parametrize("nasty", NASTY, ids=range(len(NASTY)))
def test_nothing_harmful_comes_out(nasty: str) -> None:
    """Alone, and within a page; made harmless twice it is the same, so no second parser reads it otherwise."""
    for page in (nasty, f"<html><body><p>前文</p>{nasty}<p>后文</p></body></html>"):
        shown = sanitise(page, URL, {"http://www.example.gov.cn/a/p.png": PICTURE})
        harmless(shown.document)
        again = sanitise(shown.body, URL, {})
        assert LexborHTMLParser(harmless(again.document)).text() == LexborHTMLParser(harmless(shown.document)).text()


@given(
    st.lists(
        st.sampled_from(
            [*NASTY, "<p>", "</p>", "<table>", "</td>", "<b>", "</b>", "'", '"', ">", "<", "--", "&", "公开"]
        )
    )
)
@settings(max_examples=60, deadline=None)
def test_nothing_harmful_comes_out_of_any_mixture(pieces: list[str]) -> None:
    harmless(sanitise("".join(piece[:400] for piece in pieces), URL, {}).document)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<p>公开</p><script>alert(1)</script>".encode("gbk"), "text/html; charset=iso-8859-1"),
        ("<p>公开</p><script>alert(1)</script>".encode("utf-16"), "text/html"),
        ("<p>公开</p><script>alert(1)</script>".encode("utf-16-le"), "text/html; charset=gbk"),
        ("<p>公开</p>".encode() + b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-", "text/html; charset=utf-7"),
        ("<p>公开</p>".encode() + b"\x1b$B<script>alert(1)</script>\x1b(B", "text/html; charset=iso-2022-jp"),
        ("<p>公开</p>".encode("gb18030") + b"\x81<script>alert(1)</script>", "text/html; charset=gb2312"),
    ],
)
def test_a_wrong_charset_brings_no_script(body: bytes, content_type: str) -> None:
    shown = sanitise(decode(body, content_type), URL, {})
    assert "公开" in harmless(shown.document)
    assert b"<script" not in shown.document.encode().lower()


def test_words_tables_and_our_pictures_stay() -> None:
    page = """<div class=x><h2>一、总体情况</h2><p>全市<strong>公开</strong> 248&nbsp;件 &lt;b&gt;</p>
    <table border=1><tr><th colspan=2 rowspan="1">表</th></tr><tr><td>1</td><td>2</td></tr></table>
    <img src="p.png" alt='附"图'><img src="/no.png" alt="页眉"><a href="c.html">下一页</a></div>"""
    shown = sanitise(page, URL, {"http://www.example.gov.cn/a/p.png": PICTURE})
    harmless(shown.document)
    assert "<h2>一、总体情况</h2>" in shown.body
    assert "<b>公开</b>" in shown.body
    assert "&lt;b&gt;" in shown.body
    assert '<th colspan="2" rowspan="1">表</th>' in shown.body
    assert f'<img src="{PICTURE}" alt="附&quot;图">' in shown.body
    assert '<span class="n">〔图片未存档：页眉〕</span>' in shown.body
    assert '<span class="l" title="http://www.example.gov.cn/a/c.html">下一页</span>' in shown.body
    assert (shown.pictures, shown.missing, shown.cut) == (1, 1, False)


def test_a_picture_is_found_by_the_base_of_the_page() -> None:
    page = '<base href="http://img.example.gov.cn/x/"><img data-src="p.png" src="blank.gif">'
    assert sanitise(page, URL, {"http://img.example.gov.cn/x/p.png": PICTURE}).pictures == 1


def test_one_picture_many_times_cannot_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PICTURE_BYTES", 10 * len(PICTURE))
    shown = sanitise('<img src="p.png">' * 50, URL, {"http://www.example.gov.cn/a/p.png": PICTURE})
    assert (shown.pictures, shown.missing) == (10, 40)


@pytest.mark.parametrize(
    "bomb",
    [
        "<div>" * 50_000,
        "".join(f"<font a{place}=1>" for place in range(5_000)) + "<p>x" * 5_000,
        "<b><i><u><s>" + "<div>x</div>" * 60_000,
        "<table>" * 20_000,
        "<td>x" * 100_000,
    ],
)
def test_a_page_made_to_blow_up_stays_small(bomb: str) -> None:
    """Formatting that is opened anew in every box, nesting without end: what comes out is a few times what went in at most."""
    shown = sanitise(bomb, URL, {})
    assert len(shown.body) < 4_000_000
    harmless(shown.document)


def test_a_long_page_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ELEMENTS", 10)
    shown = sanitise("<p>甲</p>" * 50, URL, {})
    assert shown.cut
    assert 0 < shown.body.count("甲") <= 10


def test_a_page_without_markup_is_empty() -> None:
    assert sanitise("", URL, {}).body == ""


def test_the_policy_lets_nothing_in_but_our_style_and_pictures() -> None:
    digest = b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    rules = dict(part.strip().partition(" ")[::2] for part in CSP.split(";"))
    assert rules == {
        "sandbox": "", "default-src": "'none'", "img-src": "data:", "style-src": f"'sha256-{digest}'",
        "form-action": "'none'", "base-uri": "'none'", "frame-ancestors": "'self'",
    }  # fmt: skip

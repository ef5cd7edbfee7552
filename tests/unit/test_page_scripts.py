"""What a page's scripts do when it is opened: what is reached, and what only stands there."""

import time

import pytest

from crawler.page.scripts import Opened, opened


def leads(code: str, more: str = "") -> tuple[str, ...]:
    return opened(f"<html><head><script>{code}</script></head><body>{more}</body></html>").targets


@pytest.mark.parametrize(
    "code",
    [
        "location='/x'",
        'window.location.href = "/x";',
        "top.location.replace('/x')",
        "self.location.assign('/x')",
        "window.location['href']='/x'",
        "var u='/x';\nlocation.href=u;",
        "const to = '/x'; location.replace(to)",
        "setTimeout(\"location.href='/x'\", 9)",
        "setTimeout('go()', 9);function go(){location='/x'}",
        "(function(){location='/x'})()",
        "!function(){location='/x'}()",
        "setTimeout(()=>{location='/x'},9)",
        "window.onload=function(){location='/x'}",
        "window.onload=go;function go(){location='/x'}",
        "$(document).ready(function(){location='/x'})",
        "$(go);var go=function(){location='/x'}",
        "document.addEventListener('DOMContentLoaded',()=>{location='/x'})",
        "addEventListener('load',go);function go(){location='/x'}",
        "function a(){b()}function b(){location='/x'}a();",
        "eval(\"location='/x'\")",
        "location.href='\\/x'",
        "location='\\u002fx'",
        "window.open('/x','_self')",
        "try{location='/x'}catch(e){}",
    ],
)
def test_what_the_opening_comes_to(code: str) -> None:
    assert leads(code) == ("/x",)


@pytest.mark.parametrize(
    "code",
    [
        "function home(){location='/x'}",
        "var home=function(){location='/x'}",
        "a.onclick=function(){location='/x'}",
        "$('#a').click(function(){location='/x'})",
        "if(/Android/.test(navigator.userAgent)){location='/x'}",
        "if(isMobile()) location='/x'",
        "screen.width<700 && (location='/x')",
        "if(top!=self){top.location='/x'}",
        "// location='/x'",
        "/* location='/x' */",
        "document.write('<a onclick=\"location=\\'/x\\'\">')",
        "map.location='/x'",
        "if(location=='/x'){}",
        "location.href==='/x'",
        "window.open('/x')",
        "function a(){b()}function b(){location='/x'}",
        "var o={go:function(){location='/x'}}",
        "location.reload()",
        "history.go(-1)",
        "$.ajax({success:function(){location='/x'}})",
        "if(isPc){}else{location='/x'}",
        "if(document.domain!='www.x.gov.cn'){location='/x'}",
        "if(location.href.indexOf('?')>0){location='/x'}",
        "if(!getCookie('a')){location='/x'}",
    ],
)
def test_what_only_stands_there(code: str) -> None:
    assert leads(code) == ()


@pytest.mark.parametrize(
    "code",
    ["if(n==0){location='/x'}", "var t=setInterval(function(){if(--s<=0){clearInterval(t);location.href='/x';}},1000)"],
)
def test_under_a_condition(code: str) -> None:
    assert opened(f"<script>{code}</script>") == Opened(perhaps=("/x",))


def test_where_code_stands() -> None:
    assert leads("", "<!-- <script>location='/x'</script> -->") == ()
    assert leads("", "<noscript><script>location='/x'</script></noscript>") == ()
    assert leads("", "<script type='text/template'>location='/x'</script>") == ()
    assert leads("", "<script type='text/javascript'>location='/x'</script>") == ("/x",)
    assert opened("<body onload=\"go()\"><script>function go(){location='/x'}</script>").targets == ("/x",)
    assert opened("<a onclick=\"location='/x'\">x</a>") == Opened()


def test_an_address_that_only_the_browser_knows() -> None:
    assert opened("<script>location.href='/a/'+id+'.html'</script>") == Opened(lost=True)
    assert opened("<script>location = decode(x)</script>") == Opened(lost=True)
    assert opened("<script>if(a){location = decode(x)}</script>") == Opened()


def test_what_is_written_or_popped_up() -> None:
    said = opened(
        "<script>document.write('<p>页面不存在</p>');alert(\"已删除\");function f(){alert('未达到')}</script>"
    ).said
    assert [text.strip() for text in said] == ["页面不存在", "已删除"]


def test_hostile_code_costs_little() -> None:
    many = 3000
    calls = "".join(f"function f{n}(){{f{n * 7 % many}();f{(n * 13 + 1) % many}();location='/';}}" for n in range(many))
    for code in (
        calls,
        "function e(){location='/'}" + "function g(){e()}" * 20000,
        "{" * 100000 + "location='/'",
        "'a" * 100000,
        "'" + "\\" * 200000,
        "location " * 60000,
        "window." * 60000,
        "function(" * 50000,
        "(" * 200000 + "=>{location='/'}",
    ):
        start = time.process_time()
        opened(f"<script>{code}</script>")
        opened(f"<!--{code}<script>" * 3)
        assert time.process_time() - start < 20

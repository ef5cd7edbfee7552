"""The door: an anonymous visitor is kept out of every route there is, and requests that nobody should send get no further."""

import asyncio
import re
from typing import Any

import httpx
import pytest

from monitor.home import Home
from monitor.settings import Settings
from monitor.settings_web import Web
from monitor.web.app import make
from monitor.web.gate import is_file, is_hidden, own_path, takes_posts
from monitor.web.headers import CSP, Circumstances, dressed
from tests.web.conftest import NOW, Look, Pages, Served
from tests.web.signing import BOTH, EDITOR, PASSWORDS, READER, guarded, sign_in, write

PUBLIC = re.compile(r"/-/login|/robots\.txt|/favicon\.ico|/static/.*|/-/static/.*|/-/static-plugins/.*")
ODD = [
    "/-/metadata", "/-/versions", "/-/plugins", "/-/settings", "/-/config", "/-/threads", "/-/databases", "/-/actor",
    "/-/auth-token", "/-/permissions", "/-/messages", "/-/allow-debug", "/-/patterns", "/_internal", "/_internal/databases",
    "/_memory", "/:memory:", "/~5Finternal", "/%5Finternal", "/~5Finternal/databases", "/-/metadata.json", "/-/databases.json",
    "/_internal.json?sql=select+1", "/_memory?sql=select+1", "/-/threads.json", "/-/actor.json", "/-/nothing", "/nianbao.db",
]  # fmt: skip


def examples(pages: Pages) -> list[str]:
    """An address for each route that is registered, ours and Datasette's."""
    found = []
    for pattern, _ in pages.site.datasette._routes():
        address = pattern.pattern.removeprefix("^").removesuffix("$")
        for _ in range(10):  # groups, innermost first
            address = re.sub(r"\(\?P<format>[^()]*\)", "json", address)
            address = re.sub(r"\(\?P<database>[^()]*\)", "nianbao", address)
            address = re.sub(r"\(\?P<(?:table|name)>[^()]*\)", "reports", address)
            address = re.sub(r"\(\?:([^()|]*)\|?[^()]*\)\??", r"\1", address)
            address = re.sub(r"\(\?P<\w+>[^()]*\)", "1", address)
            address = re.sub(r"\(([^()|?]*)\|?[^()]*\)\??", r"\1", address)
        found.append(re.sub(r"[\\?]", "", address))
    return found


def test_the_examples_are_addresses(home: Home) -> None:
    pages = guarded(home)
    addresses = examples(pages)
    assert len(addresses) > 30
    assert not [one for one in addresses if not one.startswith("/") or set("()[]?*+^$\\") & set(one)]
    assert {"/", "/notes", "/event/1", "/event/1.json", "/nianbao/reports.json", "/-/threads.json"} <= set(addresses)


def test_an_anonymous_visitor_is_kept_out_of_every_route(home: Home) -> None:
    pages = guarded(home)
    for address in [*examples(pages), *ODD]:
        path = address.partition("?")[0]
        if PUBLIC.fullmatch(path):
            continue
        for method in ("GET", "HEAD", "POST"):
            pages.cookies.clear()
            answer = pages(address, method=method)
            assert answer.status_code in (303, 401, 405), (method, address, answer.status_code)
            assert answer.status_code != 405 or method == "POST"
            if answer.status_code == 303:
                assert answer.headers["location"].startswith("/-/login"), address
            assert "ETag" not in answer.headers
            assert len(answer.text) < 300, (address, answer.text)


def test_programs_are_told_and_people_are_asked(home: Home) -> None:
    pages = guarded(home)
    for path in ("/event/1.json", "/nianbao.json", "/nianbao/reports.csv", "/feeds/all.atom", "/calendar.ics", "/figures.xlsx",
                 "/report/1/evidence.zip", "/version/1/capture", "/version/1/capture.warc.gz", "/attachment/1"):  # fmt: skip
        answer = pages(path)
        assert answer.status_code == 401, path
        assert "请先登录" in answer.text or "\\u8bf7" in answer.text
    answer = pages("/event/1", headers={"accept": "application/json"})
    assert answer.status_code == 401
    answer = pages("/search?q=%E5%85%AC%E5%BC%80&in=1")
    assert answer.headers["location"] == "/-/login?next=%2Fsearch%3Fq%3D%25E5%2585%25AC%25E5%25BC%2580%26in%3D1"
    assert pages("/").headers["location"] == "/-/login"


def test_what_everybody_may_see_names_nobody(home: Home) -> None:
    pages = guarded(home)
    for path in ("/-/login", "/robots.txt", "/static/base.css", "/favicon.ico"):
        answer = pages(path)
        assert answer.status_code == 200, path
        assert EDITOR not in answer.text
        assert READER not in answer.text
        assert "本机用户" not in answer.text


def test_datasette_s_own_workings_are_not_there(home: Home) -> None:
    pages = guarded(home)
    sign_in(pages, EDITOR)
    for path in ODD:
        for method in ("GET", "HEAD"):
            answer = pages(path, method=method)
            assert answer.status_code in (404, 403), (path, answer.status_code)
        assert "没有" in pages(path).text or "无权" in pages(path).text, path


@pytest.mark.parametrize(
    "listen", ["0.0.0.0:1", "[::]:1", "192.0.2.1:1", "nianbao.example.cn:1", "[::ffff:192.0.2.1]:1"]
)
def test_where_others_get_in_and_nobody_can_sign_in_nothing_is_shown(home: Home, listen: str) -> None:
    """The settings refuse this; the door does too."""
    _, app = make(home, Settings(web=Web(listen=listen)), lambda: NOW)
    assert ask(app, "/notes").status_code == 503
    assert ask(app, "/nianbao.json").status_code == 503


def ask(app: Any, path: str, method: str = "GET", **options: Any) -> httpx.Response:
    async def one() -> httpx.Response:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=("192.0.2.7", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8766") as client:
            return await client.request(method, path, **options)

    return asyncio.run(one())


def raw(
    app: Any,
    path: bytes,
    query: bytes = b"",
    method: str = "GET",
    headers: list[tuple[bytes, bytes]] | None = None,
    body: bytes = b"",
) -> tuple[int, dict[str, str], str]:
    """A request as no client would send it."""
    sent: list[dict[str, Any]] = []
    given = [(b"host", b"127.0.0.1:8766")] if headers is None else headers
    scope = {
        "type": "http", "http_version": "1.1", "method": method, "path": path.decode("latin-1"), "raw_path": path,
        "query_string": query, "headers": given, "scheme": "http", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 1),
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    headers_ = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers_, b"".join(one.get("body", b"") for one in sent[1:]).decode()


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        (b"//evil.example/", b"", 400), (b"//evil.example", b"", 400), (b"/\\evil.example/", b"", 400), (b"evil", b"", 400),
        (b"/a%00b", b"", 400), (b"/\xff", b"", 400), (b"/a b", b"", 400), (b"/a\r\nx: y", b"", 400), (b"/" + b"a" * 3000, b"", 414),
        (b"/notes", b"q=" + b"a" * 20_000, 414), (b"/notes", b"q=\xff", 400), (b"*", b"", 400),
        (b"/event/99999999999999999999", b"", 404), (b"/event/9223372036854775807", b"", 404), (b"/notes", b"tab=all&before=%00", 400),
        (b"/notes", b"tab=all&before=" + b"9" * 5000, 400), (b"/notes", b"tab=%ff", 400), (b"/notes", b"tab=" + b"%ed%a0%80", 400),
    ],
)  # fmt: skip
def test_what_no_browser_sends_is_answered_shortly(pages: Pages, path: bytes, query: bytes, status: int) -> None:
    found, headers, text = raw(pages.app, path, query)
    assert found == status
    assert "location" not in headers
    assert re.search(r"[\u4e00-\u9fff]", text)
    assert_safe(headers)


@pytest.mark.parametrize(
    "path",
    ["/%ff", "/%E5%B9%B4/", "/a/", "/nianbao/", "/..%2f..%2fetc/passwd", "/static/..%2f..%2fapp.py", "/static/../app.py",
     "/-/static/%2e%2e/app.py", "/static/", "/nianbao/%ff%fe", "/~ZZ", "/nianbao/~ff"],
)  # fmt: skip
def test_odd_addresses_lead_nowhere_else(pages: Pages, path: str) -> None:
    status, headers, text = raw(pages.app, path.encode())
    assert status in (302, 400, 403, 404), status
    assert re.fullmatch(r"/[^/\\].*", headers.get("location", "/ok"))
    assert "import " not in text
    assert "Traceback" not in text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "X"])
def test_other_methods_are_refused(pages: Pages, method: str) -> None:
    for path in (b"/", b"/nianbao", b"/event/1", b"/-/login", b"/static/base.css"):
        status, headers, text = raw(pages.app, path, method=method)
        assert status == 405, path
        assert headers["allow"] == "GET, HEAD, POST"
        assert "不支持" in text


def test_head_is_get_without_a_body(pages: Pages) -> None:
    for path in ("/", "/event/1", "/nianbao.json", "/static/base.css", "/nothing"):
        answer, other = pages(path, method="HEAD"), pages(path)
        assert answer.status_code == other.status_code
        assert answer.content == b""
        assert answer.headers["content-type"] == other.headers["content-type"]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8766", 200), ("localhost:8766", 200), ("[::1]:8766", 200), ("127.9.9.9", 200), ("LOCALHOST", 200),
        ("nianbao.example.cn", 200), ("evil.example", 421), ("127.0.0.1.evil.example", 421), ("localhost.evil.example", 421),
        ("192.168.1.1", 421), ("", 400), ("a b", 400), ("127.0.0.1@evil.example", 400), ("[::ffff:192.0.2.1]", 421),
    ],
)  # fmt: skip
def test_another_website_s_name_does_not_lead_here(home: Home, host: str, status: int) -> None:
    """DNS rebinding: the staff's browser believes that these pages are the website's own."""
    write(home, '[service]\nweb_url = "http://nianbao.example.cn/"\n')
    _, app = make(home, home.settings(), lambda: NOW)
    found, _, text = raw(app, b"/notes", headers=[(b"host", host.encode())])
    assert found == status
    assert (status == 200) is ("批注" in text)


def test_one_host_name_is_enough(pages: Pages) -> None:
    for hosts in ([], [b"127.0.0.1", b"evil.example"]):
        assert raw(pages.app, b"/notes", headers=[(b"host", one) for one in hosts])[0] in (400, 421)


def test_large_requests_are_refused(home: Home) -> None:
    pages = Pages(home)
    pages("/event/1")
    assert pages.post("/event/1/comment", {"text": "x" * 70_000}).status_code == 413
    token = pages.cookies["ds_csrftoken"]
    head = [(b"host", b"127.0.0.1"), (b"cookie", b"ds_csrftoken=" + token.encode())]
    form = (b"content-type", b"application/x-www-form-urlencoded")
    body = b"csrftoken=" + token.encode() + b"&text=" + b"x" * 70_000
    assert raw(pages.app, b"/event/1/comment", method="POST", headers=[*head, form], body=body)[0] == 413, (
        "without a length"
    )
    lying = [*head, form, (b"content-length", b"99999999999999999999")]
    assert raw(pages.app, b"/event/1/comment", method="POST", headers=lying)[0] == 413
    assert raw(pages.app, b"/", headers=[*head, (b"x", b"y" * 40_000)])[0] == 431
    assert pages("/event/1.json").json()["notes"]["comments"] == []


ELSEWHERE: list[dict[str, str]] = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:9999"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": "http://127.0.0.1:8766.evil.example"},
]


@pytest.mark.parametrize("headers", ELSEWHERE)
def test_another_website_s_form_does_nothing(home: Home, headers: dict[str, str]) -> None:
    """Even with our own token."""
    pages = Pages(home)
    pages("/event/1")
    answer = pages.post("/event/1/comment", {"text": "von anderswo"}, headers=headers)
    assert answer.status_code == 403
    assert "没有执行" in answer.text
    assert pages("/event/1.json").json()["notes"]["comments"] == []
    assert (
        pages.post("/event/1/comment", {"text": "从这里"}, headers={"origin": "http://127.0.0.1:8766"}).status_code
        == 303
    )
    assert (
        pages.post("/event/1/comment", {"text": "从这里"}, headers={"sec-fetch-site": "same-origin"}).status_code == 303
    )


@pytest.mark.parametrize("path", ["/event/1/comment", "/event/1/seen", "/notes/seen", "/-/login", "/-/logout"])
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", "text=x"),
        ("application/x-www-form-urlencoded", "text=x&csrftoken="),
        ("application/x-www-form-urlencoded", "text=x&csrftoken=公"),
        ("application/x-www-form-urlencoded", "text=x&csrftoken=invented"),
        ("application/x-www-form-urlencoded", "&&&=%ff"),
        ("text/plain", "text=x"),
        ("application/json", '{"text": "x"}'),
        ("multipart/form-data; boundary=x", "--x--"),
        ("multipart/form-data", ""),
        ("", ""),
    ],
)
@pytest.mark.parametrize("cookies", ["", "ds_csrftoken=invented", "ds_csrftoken=公", "a,b=c; \xff=1"])
def test_a_form_without_its_token_does_nothing(home: Home, path: str, kind: str, body: str, cookies: str) -> None:
    _, app = _CACHE.setdefault("app", make(home, Settings(), lambda: NOW))
    for extra in ({}, {"authorization": "Bearer x"}, {"x-csrftoken": "invented"}):
        headers = [(b"host", b"127.0.0.1"), (b"content-type", kind.encode()), (b"cookie", cookies.encode())]
        headers += [(name.encode(), value.encode()) for name, value in extra.items()]
        status, _, text = raw(app, path.encode(), method="POST", headers=headers, body=body.encode())
        assert status == 403
        assert "没有执行" in text


_CACHE: dict[str, Any] = {}


def test_only_forms_of_ours_take_anything(home: Home) -> None:
    pages = Pages(home)
    pages("/event/1")
    for path in ("/", "/nianbao", "/nianbao/reports", "/event/1.json", "/portals", "/static/base.css", "/-/metadata"):
        assert pages.post(path, {"a": "b"}).status_code == 405, path


@pytest.mark.parametrize(
    "cookie",
    ["=", ";;;", "a,b=1", "ds_messages=x", 'nianbao="\\', "ds_csrftoken=" + "a" * 9000, "\xff\xfe=1", "ds_actor=x"],
)
def test_cookies_of_others_are_in_nobody_s_way(pages: Pages, cookie: str) -> None:
    status, _, _ = raw(pages.app, b"/event/1", headers=[(b"host", b"localhost"), (b"cookie", cookie.encode("latin-1"))])
    assert status == 200


def assert_safe(headers: Any) -> None:
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"
    assert "camera=()" in headers["permissions-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert "server" not in headers
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    "path",
    ["/", "/event/1", "/event/1.json", "/nothing", "/nianbao", "/nianbao/reports", "/nianbao.json?sql=select+1",
     "/nianbao.json?sql=nope", "/static/base.css", "/static/nothing", "/-/static/app.css", "/robots.txt", "/-/settings", "/%ff"],
)  # fmt: skip
def test_every_answer_is_safe_to_show(pages: Pages, path: str) -> None:
    answer = pages(path)
    assert_safe(answer.headers)
    assert answer.headers.get_list("cache-control") != []
    assert len(answer.headers.get_list("cache-control")) == 1
    if not path.startswith(("/static/base", "/-/static/app")):
        assert answer.headers["cache-control"] == "private, no-store"


def test_sheets_are_kept_for_a_year_under_an_address_of_their_own(pages: Pages) -> None:
    assert pages("/static/base.css?v=abc").headers["cache-control"] == "public, max-age=31536000, immutable"
    assert pages("/static/base.css").headers["cache-control"] == "no-cache"
    assert pages("/static/none.css?v=abc").headers["cache-control"] == "private, no-store"


def test_a_page_s_own_policy_stays() -> None:
    def out(headers: dict[str, str], secure: bool = False) -> dict[str, str]:
        given = [(name.encode(), value.encode()) for name, value in headers.items()]
        about = Circumstances(secure=secure, static=False, versioned=False)
        message = dressed({"type": "http.response.start", "status": 200, "headers": given}, about)
        return {name.decode(): value.decode() for name, value in message["headers"]}

    own = "default-src 'none'; sandbox; frame-ancestors 'self'"
    found = out({"Content-Security-Policy": own, "Referrer-Policy": "unsafe-url", "X-Frame-Options": "ALLOW"})
    assert found["content-security-policy"] == own
    assert found["x-frame-options"] == "SAMEORIGIN"
    assert found["referrer-policy"] == "same-origin"
    assert out({})["content-security-policy"] == CSP
    assert "strict-transport-security" not in out({})
    assert "strict-transport-security" in out({}, secure=True)
    assert out({"set-cookie": "a=b"}, secure=True)["set-cookie"] == "a=b; HttpOnly; Secure"


def test_under_a_path_of_their_own(home: Home) -> None:
    """Behind a proxy that serves other things too: the same door, whether or not it takes the path off."""
    write(home, '[service]\nweb_url = "https://example.cn/nb/"\n' + BOTH)
    _, app = make(home, home.settings(), lambda: NOW)
    for path in ("/nb/notes", "/notes"):
        answer = ask(app, path)
        assert answer.status_code == 303
        assert answer.headers["location"] == "/nb/-/login?next=%2Fnotes"
    assert ask(app, "/nb/-/login").status_code == 200
    assert ask(app, "/nb/-/settings").status_code == 303
    assert ask(app, "/nb/event/1.json").status_code == 401
    assert ask(app, "/nb/static/base.css").status_code == 200


def test_words_about_addresses() -> None:
    assert own_path("/notes?tab=all") == "/notes?tab=all"
    assert takes_posts("/event/12/comment")
    assert not takes_posts("/event/12/comment/../../x")
    assert is_hidden("/~2D/settings") or is_hidden("/-/settings")
    assert not is_hidden("/-/static/app.css")
    assert not is_hidden("/nianbao")
    assert is_file("/figures.csv")
    assert not is_file("/figures")


@pytest.mark.browser
def test_a_browser_that_has_not_signed_in_sees_the_form_alone(home: Home, look: Look) -> None:
    write(home, BOTH)
    served = Served(home.path)
    try:
        for path in ("/", "/event/1", "/notes", "/nianbao", "/nianbao?sql=select+1", "/-/settings", "/nothing"):
            seen = look(served.url + path)
            assert "登录" in seen.text
            assert "海棠" not in seen.text
            assert seen.said == ()
            assert seen.faults == ()

        def come_in(page: Any) -> None:
            page.fill("#name", EDITOR)
            page.fill("#password", PASSWORDS[EDITOR])
            page.click("button[type=submit]")
            page.wait_for_url("**/event/1")

        seen = look(served.url + "/event/1", come_in, judged=False)
        assert "通知内容" in seen.text
        assert seen.said == ()
    finally:
        served.stop()


@pytest.mark.browser
def test_another_website_in_the_same_browser_can_do_nothing(home: Home, drive: Any) -> None:
    """It posts a form to these pages, and puts them into a frame; nobody has to sign in here."""
    served = Served(home.path)

    def attack(browser: Any) -> str:
        context = browser.new_context()
        try:
            page = context.new_page()
            page.goto(served.url + "/event/1")  # with the cookie of the form's token
            page.route("http://evil.test/**", lambda route: route.fulfill(
                content_type="text/html",
                body=f'<form id="f" method="post" action="{served.url}/event/1/comment"><input name="text" value="evil"></form>'
                f'<iframe id="i" src="{served.url}/event/1"></iframe>',
            ))  # fmt: skip
            page.goto("http://evil.test/")
            assert "通知内容" not in page.frames[-1].content()
            page.evaluate("document.getElementById('f').submit()")
            page.wait_for_url("**/event/1/comment")
            return str(page.inner_text("body"))
        finally:
            context.close()

    try:
        assert "没有执行" in drive(attack)
        assert httpx.get(served.url + "/event/1.json").json()["notes"]["comments"] == []
    finally:
        served.stop()

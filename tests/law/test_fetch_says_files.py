"""The same readings hold for an attachment: over the wire."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_unseen import RUISHU, SERVICE, Asked, Reply, pdf, redirect
from tests.law.wire import SECTION, Case, framed, page, run

PDF = pdf("figures of 2022")


def file(body: bytes = PDF, **more: Any) -> Reply:
    return Reply(body, content_type="application/pdf", **more)


def only_from_its_page(asked: Asked) -> Reply:
    return file() if SECTION in asked.headers.get("referer", "") else Reply("", 302, headers={"Location": "/"})


FILES = {
    "present: a file": Case(file(), "present"),
    "present: a file under another type": Case(Reply(PDF, content_type="text/html"), "present"),
    "present: a file for those who come from its page": Case(only_from_its_page, "present"),
    "present: a document that Word saved as a web page": Case(
        Reply(
            '<html xmlns:o="urn:schemas-microsoft-com:office:office"><body><p>全年收到申请248件。</p></body></html>',
            content_type="application/msword",
        ),
        "present",
    ),
    "same: 304": Case(Reply("", 304), "same", etag='"v1"'),
    "same: 304 that nobody asked for": Case(Reply("", 304), "unreachable", "unasked"),
    "gone: 404": Case(None, "gone", "404"),
    "gone: 410": Case(Reply("", 410), "gone", "410"),
    "gone: a notice at 200": Case(page("<p>您访问的文件不存在</p>"), "gone"),
    "gone: a notice in the site's template": Case(framed("<p>抱歉，您访问的页面不存在或已被删除</p>"), "gone"),
    "gone: JSON": Case(Reply('{"code":404,"msg":"附件不存在"}', content_type="application/json"), "gone"),
    "gone: redirect to the home page": Case(redirect("/"), "gone", "home"),
    "gone: redirect to an error page": Case(
        redirect("/error/404.html"), "gone", "404", {"/error/404.html": page("<p>出错</p>")}
    ),
    "gone: redirect to the section": Case(redirect(SECTION), "gone", "section"),
    "gone: redirect by script to the home page": Case(page("<script>location.href='/'</script>"), "gone", "home"),
    "other: a page in place of the file": Case(
        framed("<h1>县政府召开会议</h1>" + "<p>会议研究了今年重点工程推进情况。</p>" * 30), "other"
    ),
    "blocked: 403": Case(Reply("no", 403), "blocked", "403"),
    "blocked: challenge": Case(Reply(RUISHU, 412), "blocked"),
    "blocked: challenge at 200": Case(RUISHU, "blocked"),
    "blocked: redirect to a login page": Case(
        redirect("/sso/login"), "blocked", "", {"/sso/login": page("<div id=app></div>")}
    ),
    "blocked: redirect to a host that is not allowed": Case(
        redirect("http://clone.example/a.pdf"), "blocked", "clone.example"
    ),
    "unreachable: 503": Case(Reply("", 503), "unreachable", "503"),
    "unreachable: notice of maintenance": Case(SERVICE, "unreachable"),
    "unreachable: empty": Case(Reply(b""), "unreachable", "empty"),
    "unreachable: truncated": Case(file(mode="truncate"), "unreachable", "truncated"),
    "unreachable: cut off where nobody says how long it is": Case(
        Reply(PDF[:-40], content_type="application/pdf", mode="http10"), "unreachable", "truncated"
    ),
    "present: to the end of the connection": Case(file(mode="http10"), "present"),
    "unreachable: reset": Case(Reply(mode="reset"), "unreachable"),
    "present: moved by a redirect": Case(redirect("/n/P1.pdf", 301), "present", "", {"/n/P1.pdf": file()}),
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run(Path(tmp_path_factory.mktemp("law")) / "run", {}, FILES)


@pytest.mark.parametrize("name", FILES)
def test_row(told: dict[str, Any], name: str) -> None:
    case, read = FILES[name], told[name]
    assert read is not None
    assert (read.reading, case.marker in read.marker) == (case.reading, True), read

"""Signing in and out: cookies, tampering, guesses, users that change, tokens of feeds."""

import base64
import json
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from monitor.home import Home
from monitor.settings_web import User
from monitor.web import signin
from monitor.web.passwords import decoy, hashed, matches
from monitor.web.sessions import COOKIE, Sessions, secret_at
from monitor.web.signin import LONGEST_BY_ADDRESS, LONGEST_BY_NAME, Throttle
from monitor.web.site import LOCAL, Actor
from tests.web.conftest import NOW, Pages
from tests.web.signing import BOTH, EDITOR, PASSWORDS, READER, guarded, sign_in, user, write


def cookie(pages: Pages) -> str:
    return pages.cookies[COOKIE]


def test_whoever_signs_in_gets_in_and_out_again(home: Home) -> None:
    pages = guarded(home)
    assert pages("/notes").status_code == 303
    answer = sign_in(pages, EDITOR, next="/notes?tab=all")
    assert (answer.status_code, answer.headers["location"]) == (303, "/notes?tab=all")
    line = next(one for one in answer.headers.get_list("set-cookie") if one.startswith(f"{COOKIE}="))
    assert "httponly" in line.lower()
    assert "samesite=lax" in line.lower()
    assert "secure" not in line.lower()
    assert "max-age=43200" in line.lower()
    shown = pages("/notes")
    assert shown.status_code == 200
    assert EDITOR in shown.text
    kept = cookie(pages)
    pages.post("/-/logout", {})
    assert COOKIE not in pages.cookies
    assert pages("/notes").status_code == 303
    pages.cookies.set(COOKIE, kept)
    assert pages("/notes").status_code == 303, "a copy of the cookie is worth nothing either"


def test_a_reader_is_a_reader(home: Home) -> None:
    pages = guarded(home)
    sign_in(pages, READER)
    assert "指派给</label>" not in pages("/event/1").text
    pages = Pages(home, home.settings())
    sign_in(pages, EDITOR)
    assert "指派给</label>" in pages("/event/1").text


@pytest.mark.parametrize("name", [EDITOR, "没有这个人", "", "' OR 1=1 --"])
def test_what_is_wrong_is_not_said(home: Home, name: str) -> None:
    answer = sign_in(guarded(home), name, "不是这个密码")
    assert answer.status_code == 403
    assert "姓名或密码不正确" in answer.text
    assert COOKIE not in answer.cookies


def test_somebody_unknown_costs_as_much_work(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counted(password: str, line: str) -> bool:
        asked.append(line)
        return matches(password, line)

    monkeypatch.setattr(signin, "matches", counted)
    pages = guarded(home)
    sign_in(pages, EDITOR, "falsch")
    sign_in(pages, "没有这个人", "falsch")
    known, unknown = asked
    assert known.split("$")[:4] == unknown.split("$")[:4]
    assert not matches("", decoy(known))


def test_a_session_ends_by_itself(home: Home) -> None:
    pages = guarded(home, '[web]\nsession = "1h"\n' + BOTH)
    sign_in(pages, EDITOR)
    pages.now = "2026-01-29T01:59:59Z"
    assert pages("/notes").status_code == 200
    pages.now = "2026-01-29T02:00:00Z"
    assert pages("/notes").status_code == 303


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (user(READER, "reader"), 303),
        (user(EDITOR, "editor", "ein neues Passwort") + user(READER, "reader"), 303),
        (user(EDITOR, "reader") + user(READER, "reader"), 200),
        ("this is not TOML", 200),
        (BOTH.replace('role = "editor"', 'role = "boss"'), 200),
    ],
)
def test_settings_that_change_count_at_once(home: Home, text: str, status: int) -> None:
    """A removed user and a changed password end the session; a role counts with the next request; what cannot be read, nothing."""
    pages = guarded(home)
    sign_in(pages, EDITOR)
    assert "指派给</label>" in pages("/event/1").text
    write(home, text)
    after = pages("/event/1")
    assert after.status_code == status
    if status == 200:
        assert ("指派给</label>" in after.text) is ('"reader"\n[[' not in text)


def test_settings_that_vanish_open_no_door(home: Home) -> None:
    pages = guarded(home)
    (home.path / "nianbao.toml").unlink()
    assert pages("/notes").status_code == 303


def test_the_first_user_closes_the_door(home: Home) -> None:
    pages = Pages(home)
    assert pages("/notes").status_code == 200
    write(home, BOTH)
    assert pages("/notes").status_code == 303


def tampered(value: str) -> Iterator[str]:
    payload, signature = value.rsplit(".", 1)
    yield payload
    yield payload + "." + signature[::-1]
    yield payload[:-1] + ("A" if payload[-1] != "A" else "B") + "." + signature
    claims = {"n": EDITOR, "p": "0" * 32, "u": 2**31, "i": "x"}
    yield base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=") + "." + signature
    yield ""
    yield "." * 500
    yield "a" * 5000


def test_a_cookie_that_we_did_not_make_is_nobody_s(home: Home) -> None:
    pages = guarded(home)
    sign_in(pages, EDITOR)
    right = cookie(pages)
    for wrong in tampered(right):
        pages.cookies = httpx.Cookies({COOKIE: wrong})
        assert pages("/notes").status_code == 303, wrong
    other = Sessions("another secret", lambda: NOW).issue(User(EDITOR, home.settings().web.user[0].password), 1000)
    pages.cookies = httpx.Cookies({COOKIE: other})
    assert pages("/notes").status_code == 303
    pages.cookies = httpx.Cookies({COOKIE: right})
    assert pages("/notes").status_code == 200


def test_nobody_s_session_becomes_somebody_s(home: Home) -> None:
    """A cookie that was there before signing in is not the one after it, and the form's token changes too."""
    pages = guarded(home)
    pages("/-/login")
    before = pages.cookies["ds_csrftoken"]
    pages.cookies.set(COOKIE, "planted")
    sign_in(pages, EDITOR)
    assert "planted" not in [one.value for one in pages.cookies.jar if one.name == COOKIE and one.domain]
    pages("/event/1")
    assert pages.cookies["ds_csrftoken"] != before


def test_two_sessions_of_one_user_are_two(home: Home) -> None:
    one, other = guarded(home), None
    sign_in(one, EDITOR)
    first = cookie(one)
    one.cookies = httpx.Cookies()
    sign_in(one, EDITOR)
    other = cookie(one)
    assert first != other
    one.post("/-/logout", {})
    one.cookies = httpx.Cookies({COOKIE: first})
    assert one("/notes").status_code == 200, "signing out here leaves another browser signed in"


@pytest.mark.parametrize(
    "following",
    ["//evil.example", "/\\evil.example", "https://evil.example/", "\\\\evil.example", "/\t/evil.example", "javascript:alert(1)",
     "evil.example", "/-/logout", "///evil.example", " //evil.example", "/ok\r\nset-cookie: a=b"],
)  # fmt: skip
def test_after_signing_in_one_stays_here(home: Home, following: str) -> None:
    answer = sign_in(guarded(home), EDITOR, next=following)
    assert answer.headers["location"] == "/"
    assert "a=b" not in str(answer.headers.get_list("set-cookie"))


@pytest.mark.parametrize(
    ("following", "there"),
    [("/%2F/evil.example", "/%2F/evil.example"), ("/search?q=公开", "/search?q=%E5%85%AC%E5%BC%80")],
)
def test_an_own_address_stays_what_it_is(home: Home, following: str, there: str) -> None:
    assert sign_in(guarded(home), EDITOR, next=following).headers["location"] == there


def test_the_cookie_goes_by_https_only_where_that_is_spoken(home: Home) -> None:
    pages = guarded(home, '[service]\nweb_url = "https://nianbao.example.cn"\n' + BOTH)
    answer = sign_in(pages, EDITOR, base="https://nianbao.example.cn")
    lines = [one.lower() for one in answer.headers.get_list("set-cookie")]
    assert lines
    assert all("secure" in one and "httponly" in one for one in lines)
    assert "max-age" in answer.headers["strict-transport-security"]


def test_guessing_gets_slower_and_slower() -> None:
    now = [0.0]
    throttle = Throttle(lambda: now[0])
    waits = []
    for _ in range(30):
        while wait := throttle.wait("王芳", "192.0.2.1"):
            waits.append(wait)
            now[0] += wait
    assert waits == sorted(waits)
    assert waits[0] <= 2
    assert waits[-1] > 600
    assert now[0] > 3600 * 2


def test_one_name_keeps_its_owner_out_for_a_minute_at_most() -> None:
    now = [0.0]
    throttle = Throttle(lambda: now[0])
    for number in range(200):
        throttle.wait("王芳", f"192.0.2.{number}")
    assert 0 < throttle.wait("王芳", "198.51.100.1") <= LONGEST_BY_NAME + 1
    now[0] += LONGEST_BY_NAME + 1
    assert throttle.wait("王芳", "198.51.100.1") == 0


def test_an_address_that_tries_all_names_is_slowed_down() -> None:
    throttle = Throttle(lambda: 0.0)
    waits = [throttle.wait(f"name {number}", "192.0.2.1") for number in range(100)]
    assert sum(wait == 0 for wait in waits) <= signin.FREE_BY_ADDRESS
    assert max(waits) <= LONGEST_BY_ADDRESS + 1


def test_a_flood_of_names_and_addresses_takes_bounded_memory() -> None:
    throttle = Throttle(lambda: 0.0)
    for number in range(30_000):
        throttle.wait(f"name {number}", f"address {number}")
    assert len(throttle) <= 10_000


def test_a_guess_that_has_to_wait_is_told_so_and_is_not_checked(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = guarded(home)
    for _ in range(signin.FREE_BY_NAME):
        assert sign_in(pages, EDITOR, "falsch").status_code == 403
    monkeypatch.setattr(signin, "matches", lambda *_: pytest.fail("it was checked"))
    answer = sign_in(pages, EDITOR)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert "秒后再试" in answer.text
    assert COOKIE not in answer.cookies


def test_guesses_at_the_same_time_count_each(home: Home) -> None:
    """A hundred tries that are sent before the first is answered are a hundred tries."""
    throttle = Throttle(lambda: 0.0)
    assert [throttle.wait("王芳", "192.0.2.1") for _ in range(100)].count(0) == signin.FREE_BY_NAME


def test_too_many_who_sign_in_at_once_are_turned_away(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = guarded(home)
    monkeypatch.setattr(signin, "_WAITING", 0)
    assert sign_in(pages, EDITOR).status_code == 503


def test_passwords_are_checked_off_the_pages_own_thread(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def noted(password: str, line: str) -> bool:
        seen.append(threading.current_thread().name)
        return matches(password, line)

    monkeypatch.setattr(signin, "matches", noted)
    sign_in(guarded(home), EDITOR)
    assert seen
    assert seen[0].startswith("password")


def test_a_password_of_any_length_and_script(home: Home) -> None:
    pages = guarded(home)
    assert sign_in(pages, EDITOR, PASSWORDS[EDITOR] + "x" * 2000).status_code == 403
    assert matches("école 密码", hashed("e\u0301cole 密码"))
    assert not matches("x", "scrypt$16384$8$1$???$???")
    assert not matches("\ud800", hashed("anything at all"))


@contextmanager
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    lines: list[str] = []
    with caplog.at_level("DEBUG"):
        yield lines
    lines += [record.getMessage() for record in caplog.records if record.name != "httpx"]  # it is the visitor here


def test_the_log_knows_who_and_no_secret(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    with logged(caplog) as lines:
        pages = guarded(home)
        sign_in(pages, "mein-Passwort-im-falschen-Feld", "geheim-1")
        sign_in(pages, EDITOR, "geheim-2")
        sign_in(pages, EDITOR)
        pages(f"/calendar.ics?token={pages.site.access.feed_token(Actor(EDITOR, 'editor'))}")
        pages("/notes?token=geheim-3")
    said = "\n".join(lines)
    assert EDITOR in said
    for secret in ("mein-Passwort", "geheim", PASSWORDS[EDITOR], cookie(pages), pages.site.access.secret):
        assert secret not in said


def test_tokens_open_feeds_and_nothing_else(home: Home) -> None:
    pages = guarded(home)
    token = pages.site.access.feed_token(Actor(READER, "reader"))
    assert token
    assert pages("/calendar.ics").status_code == 401
    assert pages(f"/calendar.ics?token={token}").status_code == 200
    assert pages(f"/calendar.ics?token={token[:-1]}x").status_code == 401
    assert pages("/calendar.ics?token=").status_code == 401
    assert pages("/calendar.ics?token=%00.%ff").status_code == 401
    for path in ("/notes", "/event/1.json", "/feeds", "/", "/nianbao.json"):
        assert pages(f"{path}?token={token}").status_code in (303, 401), path
    write(home, user(EDITOR, "editor") + user(READER, "reader", "etwas Neues hier"))
    assert pages(f"/calendar.ics?token={token}").status_code == 401


def test_where_nobody_signs_in_there_is_no_token(pages: Pages) -> None:
    assert pages.site.access.feed_token(LOCAL) == ""
    assert pages("/-/login").headers["location"] == "/"


def test_the_secret_is_made_once_and_is_nobody_else_s(tmp_path: Path) -> None:
    path = tmp_path / "web.secret"
    made = secret_at(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(made) == 64
    assert secret_at(path) == made
    assert [one.name for one in tmp_path.iterdir()] == ["web.secret"]


@pytest.mark.parametrize("harm", ["read by all", "empty", "half", "link", "no text"])
def test_a_secret_that_is_none_any_more_is_replaced(
    tmp_path: Path, harm: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "web.secret"
    before = secret_at(path)
    if harm == "read by all":
        path.chmod(0o644)
    elif harm == "link":
        path.rename(path.with_name("elsewhere"))
        path.symlink_to("elsewhere")
    else:
        path.write_bytes({"empty": b"", "half": before[:20].encode(), "no text": b"\xff" * 64}[harm])
    after = secret_at(path)
    assert after != before
    assert len(after) == 64
    assert not path.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "has to do so again" in caplog.text
    assert before not in caplog.text
    assert after not in caplog.text


def test_several_processes_that_start_at_once_have_one_secret(tmp_path: Path) -> None:
    path = tmp_path / "web.secret"
    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(lambda _: secret_at(path), range(32)))) == 1

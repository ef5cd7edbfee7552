"""One message, one destination: against receivers on loopback that answer, refuse and stall as the real ones do."""

import base64
import hashlib
import hmac
import json
import logging
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from monitor import channels, chat
from monitor.message import Message

MESSAGE = Message(
    subject="【年报变更】临海市人民政府 2020 年 · 表三 2 处",
    text="总计 248 → 284\n页面 https://a.gov.cn/1\n",
    html="<p>总计 <b>248 → 284</b></p>",
    markdown="**【年报变更】临海市人民政府 2020 年**\n- 总计 **248 → 284**\n[页面](https://a.gov.cn/1)",
)
LONG = Message(
    subject="【年报变更】" + "长" * 70,
    text="行\n" * 40_000,
    html="<p>行</p>",
    markdown="\n".join(
        ["**首行**", *["- 差异 一二三四五六七八九十" for _ in range(3000)], "[页面](https://a.gov.cn/1)"]
    ),
)


class Receiver:
    """Answers every POST with the same status, headers and body, and remembers what came."""

    def __init__(self, status: int, body: bytes, headers: dict[str, str], stall: float) -> None:
        self.got: list[tuple[str, dict[str, list[str]], bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                parts = urlsplit(self.path)
                outer.got.append((parts.path, parse_qs(parts.query), data))
                if stall:
                    time.sleep(stall)
                with suppress(OSError):  # the sender has given up waiting
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"127.0.0.1:{self.server.server_port}"

    def json(self) -> Any:
        return json.loads(self.got[-1][2])


@contextmanager
def receiver(
    status: int = 200, body: object = b"", headers: dict[str, str] | None = None, stall: float = 0
) -> Iterator[Receiver]:
    data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    that = Receiver(status, data, headers or {}, stall)
    thread = Thread(target=that.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield that
    finally:
        that.server.shutdown()
        that.server.server_close()
        thread.join()


def to_loopback(monkeypatch: pytest.MonkeyPatch, that: Receiver) -> None:
    for robot, address in chat.ENDPOINTS.items():
        monkeypatch.setitem(chat.ENDPOINTS, robot, f"http://{that.url}{urlsplit(address).path}")


OK = {"errcode": 0, "errmsg": "ok", "code": 0}
ROBOTS = ["dingtalk://tok3n", "wecombot://tok3n", "feishu://tok3n", "lark://tok3n"]


@pytest.mark.parametrize("url", ROBOTS)
def test_a_robot_takes_it(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"code": 0, "msg": "success"} if url.startswith(("feishu", "lark")) else {"errcode": 0, "errmsg": "ok"}
    with receiver(body=answer) as that:
        to_loopback(monkeypatch, that)
        assert channels.send(url, MESSAGE, 5) == chat.Answer(True)
        path, query, data = that.got[-1]
        assert "248 → 284" in data.decode()
        assert "tok3n" in path + json.dumps(query)


@pytest.mark.parametrize("url", ROBOTS)
@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"errcode": 310000, "errmsg": "keywords not in content"}, "310000"),
        ({"code": 19024, "msg": "Key Words Not Found"}, "19024"),
        ({"errcode": "0"}, "refused"),
        ({"errcode": False}, "refused"),
        ({"code": 0, "StatusCode": 19001}, "19001"),
        ({}, "names no code"),
        ([], "names no code"),
        (b"<html>maintenance</html>", "not the robot's JSON"),
        (b"\xff\xfe", "not the robot's JSON"),
        (b"", "not the robot's JSON"),
        (b"[" * 100_000, "not the robot's JSON"),
    ],
)
def test_a_refusal_with_http_200(url: str, body: object, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver(body=body) as that:
        to_loopback(monkeypatch, that)
        answer = channels.send(url, MESSAGE, 5)
    assert not answer.ok
    assert says in answer.error


@pytest.mark.parametrize(
    ("url", "code"), [("dingtalk://t", 130101), ("wecombot://t", 45009), ("feishu://t", 11232), ("lark://t", 9499)]
)
def test_too_fast_says_when_to_come_back(url: str, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver(body={"errcode" if "ding" in url or "wecom" in url else "code": code}) as that:
        to_loopback(monkeypatch, that)
        assert channels.send(url, MESSAGE, 5).retry_after == 60


def test_http_errors_redirects_and_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver(status=500) as that:
        to_loopback(monkeypatch, that)
        assert "HTTP 500" in channels.send("dingtalk://t", MESSAGE, 5).error
    with receiver(status=429, headers={"Retry-After": "7"}) as that:
        to_loopback(monkeypatch, that)
        assert channels.send("feishu://t", MESSAGE, 5).retry_after == 7
    with receiver(status=302, headers={"Location": "/login"}, body=OK) as that:
        to_loopback(monkeypatch, that)
        assert "HTTP 302" in channels.send("wecombot://t", MESSAGE, 5).error
    with receiver(body=OK, stall=0.6) as that:
        to_loopback(monkeypatch, that)
        answer = channels.send("wecombot://t", MESSAGE, 0.2)
        assert (answer.ok, answer.uncertain) == (False, True)
        assert "no answer within 0.2 s" in answer.error
    to_loopback(monkeypatch, that)  # nobody listens there any more
    answer = channels.send("dingtalk://s3cret@tok3n", MESSAGE, 1)
    assert (answer.ok, answer.uncertain) == (False, False)
    assert "refused" in answer.error
    assert "tok3n" not in answer.error


def test_signatures(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver(body=OK) as that:
        to_loopback(monkeypatch, that)
        assert channels.send("dingtalk://SECabc@tok3n/13800000000", MESSAGE, 5).ok
        _, query, _ = that.got[-1]
        text = f"{query['timestamp'][0]}\nSECabc".encode()
        assert base64.b64decode(query["sign"][0]) == hmac.new(b"SECabc", text, hashlib.sha256).digest()
        assert abs(int(query["timestamp"][0]) / 1000 - time.time()) < 60
        assert that.json()["at"]["atMobiles"] == ["13800000000"]
        assert channels.send("feishu://tok3n?secret=sss", MESSAGE, 5).ok
        body = that.json()
        key = f"{body['timestamp']}\nsss".encode()
        assert base64.b64decode(body["sign"]) == hmac.new(key, b"", hashlib.sha256).digest()


@pytest.mark.parametrize(("url", "most"), [("wecombot://t", 2048), ("dingtalk://t", 20_000), ("feishu://t", 20_000)])
def test_length_is_kept_in_bytes(url: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver(body=OK) as that:
        to_loopback(monkeypatch, that)
        assert channels.send(url, LONG, 5).ok
        data = that.got[-1][2].decode()
        body = that.json()
    if url.startswith("wecom"):
        assert len(body["markdown"]["content"].encode()) <= most
    else:
        assert len(data.encode()) <= most
    assert "首行" in data
    assert "https://a.gov.cn/1" in data


def test_addresses() -> None:
    assert chat.parse("DINGTALK://AbC") == chat.Target("dingtalk", "AbC")
    assert chat.parse("https://oapi.dingtalk.com/robot/send?access_token=AbC") == chat.Target("dingtalk", "AbC")
    assert chat.parse("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a-b") == chat.Target("wecombot", "a-b")
    assert chat.parse("https://open.feishu.cn/open-apis/bot/v2/hook/a-b") == chat.Target("feishu", "a-b")
    assert chat.parse("https://open.larksuite.com/open-apis/bot/v2/hook/a") == chat.Target("lark", "a")
    assert chat.parse("feishu://S@T/") == chat.Target("feishu", "T", "S")
    assert chat.parse("mailto://u:p@h") is None
    assert "S" not in repr(chat.Target("feishu", "T", "S")).replace("Target", "")
    assert channels.per_minute("dingtalk://t") == 20
    assert channels.per_minute("json://h") is None


def test_a_webhook_gets_the_text() -> None:
    with receiver() as that:
        assert channels.send(f"json://{that.url}/hook?-key=abc", MESSAGE, 5).ok
        path, query, _ = that.got[-1]
        body = that.json()
    assert (path, query["key"]) == ("/hook", ["abc"])
    assert body["title"] == MESSAGE.subject
    assert "248 → 284" in body["message"]


def test_a_form_webhook_gets_the_text() -> None:
    with receiver() as that:
        assert channels.send(f"form://{that.url}/hook", MESSAGE, 5).ok
        assert parse_qs(that.got[-1][2].decode())["title"] == [MESSAGE.subject]


def test_a_long_text_fits_what_the_service_takes() -> None:
    with receiver() as that:
        assert channels.send(f"json://{that.url}/", LONG, 5).ok
        assert len(that.json()["message"]) <= 32_768
        assert len(that.got) == 1


@pytest.mark.parametrize(("status", "pause"), [(500, None), (404, None), (302, None), (503, 60)])
def test_a_webhook_s_refusal(status: int, pause: float | None) -> None:
    with receiver(status=status, headers={"Location": "/login"}) as that:
        answer = channels.send(f"json://{that.url}/?-token=tok3n", MESSAGE, 5)
    assert not answer.ok
    assert str(status) in answer.error
    assert "tok3n" not in answer.error
    assert answer.retry_after == pause


def test_a_webhook_that_stalls_or_is_away(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with receiver(stall=0.6) as that:
        answer = channels.send(f"json://u:s3cret@{that.url}/?-token=tok3n", MESSAGE, 0.2)
        assert (answer.ok, answer.uncertain) == (False, True)
    answer = channels.send(f"json://u:s3cret@{that.url}/?-token=tok3n", MESSAGE, 0.2)
    assert (answer.ok, answer.uncertain) == (False, False)
    assert "refused" in answer.error
    for secret in ("s3cret", "tok3n"):
        assert secret not in answer.error + caplog.text


def test_mail_to_a_server_that_never_speaks() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        answer = channels.send(f"mailto://127.0.0.1:{port}?to=a@example.cn&from=b@example.cn", MESSAGE, 0.2)
    assert not answer.ok
    assert not answer.uncertain
    assert "timed out" in answer.error


def test_an_address_that_nothing_takes() -> None:
    assert not channels.send("nope://x", MESSAGE, 1).ok
    assert not channels.send("dingtalk://", MESSAGE, 1).ok

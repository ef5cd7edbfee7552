"""nianbao.toml: what it may say, how it refuses, and that no secret shows."""

import re
from pathlib import Path

import pytest

from monitor.channels import check
from monitor.redact import redact, secrets_of
from monitor.settings import DEFAULT_TOML, TOLD, Settings, SettingsError, load_settings, parse_settings
from monitor.settings_web import Web
from monitor.web.passwords import matches

CHANNEL = '[[channel]]\nname = "a"\nurl = "{url}"\n'


def accept(_: str) -> str:
    return ""


def parse(text: str, **environ: str) -> Settings:
    return parse_settings(text, environ, accept)


def refusal(text: str, **environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        parse(text, **environ)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("nianbao.toml: ")
    return message


def test_the_default_file_is_the_defaults() -> None:
    assert parse(DEFAULT_TOML) == Settings()


def test_every_commented_default_is_true() -> None:
    text = re.sub(r"(?m)^# (\w+ *= |\[\[)", r"\1", DEFAULT_TOML)
    settings = parse(text, SMTP_PASSWORD="p")
    assert settings == Settings(
        channels=settings.channels,
        web=Web(user=settings.web.user),
    )
    (channel,) = settings.channels
    (user,) = settings.web.user
    assert (user.name, user.role) == ("王芳", "editor")
    assert not any(matches(guess, user.password) for guess in ("", "password", "scrypt", "王芳"))
    assert (channel.quiet_hours, channel.max_attempts, channel.timeout) == (("22:00", "07:00"), 12, 30)


def test_an_empty_home_has_the_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path, {}, accept) == Settings()
    (tmp_path / "nianbao.toml").write_text('[service]\nlanguage = "en"\n')
    assert load_settings(tmp_path, {}, accept).service.language == "en"
    (tmp_path / "nianbao.toml").write_bytes(b"\xff")
    with pytest.raises(SettingsError, match="UTF-8"):
        load_settings(tmp_path, {}, accept)


@pytest.mark.parametrize(
    ("listen", "at"),
    [
        ("127.0.0.1:8765", ("127.0.0.1", 8765)),
        ("localhost:0", ("localhost", 0)),
        ("[::1]:80", ("::1", 80)),
        ("", None),
    ],
)
def test_where_the_service_listens(listen: str, at: tuple[str, int] | None) -> None:
    assert parse(f'[service]\nlisten = "{listen}"').service.listens_at == at


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('listen = "8765"', 'service.listen: "8765" is no host and port'),
        ('listen = "127.0.0.1:99999"', "is no host and port"),
        ('listen = "::1:80"', "is no host and port"),
        ('log = "xml"', 'service.log: "xml" is not one of text, json'),
        ('log_level = "loud"', "service.log_level"),
        ('disk_low = "2 gigs"', 'service.disk_low: "2 gigs" is not a size'),
    ],
)
def test_what_the_service_cannot_be_told(line: str, words: str) -> None:
    assert words in refusal(f"[service]\n{line}")


def test_sizes_are_decimal() -> None:
    assert parse('[service]\ndisk_low = "1500MB"').service.disk_low_bytes == 1_500_000_000


def test_a_channel_is_told_all_but_findings() -> None:
    (channel,) = parse(CHANNEL.format(url="json://h")).channels
    assert channel.kinds == TOLD
    assert "finding" not in TOLD
    assert "service" in TOLD


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[servce]\n", 'servce: unknown key; did you mean "service"?'),
        ("[policy]\ntakedown_confirmation = 2\n", "policy.takedown_confirmation: unknown key"),
        ("[policy]\ndelay = -1\n", "policy.delay: -1.0 is too small"),
        ('[policy]\ntakedown_after = "x"\n', "policy.takedown_after"),
        ('[service]\nlanguage = "fr"\n', "service.language"),
        ('[service]\ntimezone = "Mars/One"\n', "service.timezone"),
        ('[service]\ntimezone = "../etc"\n', "service.timezone"),
        ('[service]\nheartbeat = "ftp://x"\n', "service.heartbeat"),
        ('[schedule]\nseason = "spring"\n', "schedule.season"),
        ('[schedule]\nseason_passes = ["8:30"]\n', "schedule.season_passes[0]"),
        ('[schedule]\njitter = "soon"\n', "schedule.jitter"),
        ('[schedule]\njitter = "7h"\n', 'schedule.jitter: "7h" is out of range; give 0s to 6h'),
        ("[schedule]\nseason_passes = []\n", "schedule.season_passes: is empty"),
        (
            '[schedule]\noffseason_passes = ["08:30", "08:30"]\n',
            'schedule.offseason_passes[1]: "08:30" stands there twice',
        ),
        ('[schedule]\nseason_discover = "1m"\n', "schedule.season_discover"),
        ('[schedule]\noffseason_discover = "2d"\n', "schedule.offseason_discover"),
        (
            '[schedule]\nrecheck_old = "13d"\n',
            'schedule.recheck_old: "13d" is out of range; give 1d to 12d; a report that nobody',
        ),
        ("a =", "not valid TOML"),
        ('[[channel]]\nname = "a"\n', "channel[0].url: is missing"),
        (CHANNEL.format(url="office"), "channel[0].url: is no address"),
        (CHANNEL.format(url="json://h") * 2, "channel[1].name"),
        (CHANNEL.format(url="json://h") + 'kindz = ["changed"]\n', 'did you mean "kinds"?'),
        (CHANNEL.format(url="json://h") + 'kinds = ["chnged"]\n', 'did you mean "changed"?'),
        (CHANNEL.format(url="json://h") + 'digest = "daily@25:00"\n', "channel[0].digest"),
        (CHANNEL.format(url="json://h") + 'quiet = "22-7"\n', "channel[0].quiet"),
        (CHANNEL.format(url="json://h") + 'quiet = "07:00-07:00"\n', "channel[0].quiet"),
        (CHANNEL.format(url="json://h") + "max_attempts = 0\n", "channel[0].max_attempts"),
        (CHANNEL.format(url="json://h") + "timeout = 0\n", "channel[0].timeout"),
        (CHANNEL.format(url="mailto://u:${SMTP_PASSWORD}@h"), "channel[0].url: ${SMTP_PASSWORD} is not set"),
        (CHANNEL.format(url="mailto://u:${SMTP PASSWORD}@h"), "is no reference"),
    ],
)
def test_what_is_wrong_is_named_with_its_remedy(text: str, says: str) -> None:
    assert says in refusal(text)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nope://h", "no kind of channel"),
        ("dingtalk://?a=b", "dingtalk:// and the token"),
        ("slack://a", "Slack"),
        ("mailto://", "is no address"),
        ("mailto://h", "email|Email|recipient|mail"),
    ],
)
def test_addresses_are_checked_by_those_who_send(url: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        parse_settings(CHANNEL.format(url=url), {}, check)


@pytest.mark.parametrize(
    "url",
    [
        "mailto://h?to=a@example.cn&from=b@example.cn",
        "json://127.0.0.1:9/x",
        "dingtalk://abc",
        "wecombot://k",
        "lark://t",
    ],
)
def test_good_addresses_pass(url: str) -> None:
    assert check(url) == ""


def test_the_environment_is_read_into_an_address_for_its_place() -> None:
    text = CHANNEL.format(url="mailtos://u:${PW}@h?to=${TO}&smtp=${HOST}")
    (channel,) = parse(text, PW="p@ss/1#", TO="a@b.cn", HOST="h2").channels
    assert channel.url == "mailtos://u:p%40ss%2F1%23@h?to=a%40b.cn&smtp=h2"
    (channel,) = parse(CHANNEL.format(url="${URL}"), URL="json://u:p@h:8080/x?a=b").channels
    assert channel.url == "json://u:p@h:8080/x?a=b"
    (channel,) = parse(CHANNEL.format(url="json://${AT}/x"), AT="127.0.0.1:80").channels
    assert channel.url == "json://127.0.0.1:80/x"


def test_no_secret_shows() -> None:
    settings = parse(CHANNEL.format(url="mailtos://user:${PW}@h?to=a@b.cn"), PW="hunter2")
    for shown in (repr(settings), str(settings), repr(settings.channels[0]), f"{settings.channels}"):
        assert "hunter2" not in shown
    text = CHANNEL.format(url="${PW}")
    with pytest.raises(SettingsError) as caught:
        parse_settings(text, {"PW": "nope://hunter2"}, lambda url: f"cannot use {url}")
    assert "hunter2" not in str(caught.value)
    # Chained exceptions are printed too.
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("text", "hidden", "kept"),
    [
        ("mailto://u:pw1@h/x", "pw1", "@h/x"),
        ("at url: /robot/send?access_token=TOK1&sign=S%2F2&timestamp=3", "TOK1", "timestamp=3"),
        ("dingtalk://SEC@TOK1/", "TOK1", "dingtalk://"),
        ("https://open.feishu.cn/open-apis/bot/v2/hook/TOK1 refused", "TOK1", "refused"),
        ("Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz", "Authorization"),
        ('{"access_token": "TOK1", "n": 1}', "TOK1", '"n": 1'),
        ("slack://A1/B2/TOK1", "TOK1", "slack"),
        ("密钥 s3cret 已失效", "s3cret", "已失效"),
        ("a%40b s3%2Fcret", "s3%2Fcret", "a%40b"),
    ],
)
def test_redaction(text: str, hidden: str, kept: str) -> None:
    shown = redact(text, ["s3cret", "s3/cret"])
    assert hidden not in shown
    assert kept in shown


def test_pages_addresses_are_not_hidden() -> None:
    text = "https://www.linhai.gov.cn/art/2021/1/29/art_1229317620_3700000.html?id=2 页面"
    assert redact(text) == text


def test_secrets_of_an_address() -> None:
    assert secrets_of("dingtalk://SECRET@TOKEN/13800000000") >= {"SECRET", "TOKEN"}
    assert secrets_of("mailtos://user:p%40w@h?to=desk@example.cn") == {"p%40w", "p@w"}
    assert secrets_of("jsons://h/path") == frozenset()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('engine = "huey"', 'service.engine: "huey" is not one of local, celery'),
        ('engine = "celery"', "service.broker: passes on workers need one"),
        ('engine = "celery"\nbroker = "amqp://u:secret@mq/"', "service.results: RabbitMQ keeps no claims"),
        (
            'engine = "celery"\nbroker = "http://u:secret@mq/"',
            "service.broker: is no address of redis or rediss or amqp",
        ),
        (
            'engine = "celery"\nbroker = "redis://:a/secret@r:6379/0"',
            "service.broker: cannot be read as an address; in a password",
        ),
        ('engine = "celery"\nbroker = "redis://:a@secret#b@r/0"', "write %2F for /"),
        ('engine = "celery"\nbroker = "redis://:a?secret@r/0"', "cannot be read as an address"),
        ('engine = "celery"\nbroker = "amqp://mq/"\nresults = "amqp://mq/"', "service.results: is no address of redis"),
        ('engine = "celery"\nbroker = "redis://r/"\npass_time = "13h"', 'service.pass_time: "13h" is too long'),
        ('worker_lost = "59s"', 'service.worker_lost: "59s" is out of range'),
        ('worker_lost = "2h"', 'service.worker_lost: "2h" is out of range'),
    ],
)
def test_workers_are_told_what_they_need(text: str, said: str) -> None:
    with pytest.raises(SettingsError) as error:
        parse_settings(f"[service]\n{text}\n", {}, lambda _: "")
    assert said in str(error.value)
    assert "secret" not in str(error.value)


def test_the_register_is_the_broker_unless_it_is_said_to_be_elsewhere() -> None:
    text = '[service]\nengine = "celery"\nbroker = "redis://:${WORD}@r:6379/0"\n'
    service = parse_settings(text, {"WORD": "a/b"}, lambda _: "").service
    assert service.register_address == service.broker == "redis://:a%2Fb@r:6379/0"
    assert "a%2Fb" not in repr(service)
    service = parse_settings(text + 'results = "rediss://s/1"\n', {"WORD": "x"}, lambda _: "").service
    assert service.register_address == "rediss://s/1"

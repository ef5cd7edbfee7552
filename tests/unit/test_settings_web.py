"""`[web]`: where the pages listen, who is let in, and what is refused with its remedy."""

import msgspec
import pytest

from monitor.settings_web import User, Web, check_web, is_loopback
from monitor.web.passwords import hashed

HASH = hashed("a password", b"0123456789abcdef")
WANG = User("王芳", HASH, "editor")


@pytest.mark.parametrize("listen", ["127.0.0.1:8766", "localhost:0", "LocalHost:1", "[::1]:65535", "127.9.8.7:1"])
def test_this_machine_alone_needs_nobody(listen: str) -> None:
    web = Web(listen=listen)
    check_web(web)
    assert web.on_loopback
    assert not web.sign_in


@pytest.mark.parametrize(
    "listen",
    ["0.0.0.0:8766", "[::]:8766", "0:8766", "192.0.2.1:1", "nianbao.example.cn:1", "[::ffff:192.0.2.1]:1", "[::ffff:127.0.0.1]:1",
     "[fe80::1]:1", "127.1:1", "localhost.example.cn:1", "127.0.0.1.nip.io:1", "localhost.:1", "0x7f000001:1"],
)  # fmt: skip
def test_wherever_others_may_get_in_somebody_has_to_sign_in(listen: str) -> None:
    with pytest.raises(ValueError, match=r"nobody has to sign in; add a \[\[web.user\]\]"):
        check_web(Web(listen=listen))
    web = Web(listen=listen, user=(WANG,))
    check_web(web)
    assert web.sign_in
    assert not web.on_loopback


@pytest.mark.parametrize(
    "listen",
    ["", "8766", "127.0.0.1", "127.0.0.1:", ":8766", "a b:1", "127.0.0.1:65536", "[::1:1", "http://x:1", "主机:1"],
)
def test_what_is_no_address_is_refused(listen: str) -> None:
    with pytest.raises(ValueError, match=r"web\.listen"):
        check_web(Web(listen=listen, user=(WANG,)))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": ""}, "is no name"),
        ({"name": " 王芳"}, "is no name"),
        ({"name": "王\n芳"}, "is no name"),
        ({"name": "x" * 41}, "is no name"),
        ({"role": "admin"}, "not one of reader, editor"),
        ({"password": "geheim"}, "is no hash"),
        ({"password": ""}, "is no hash"),
        ({"password": HASH.replace("scrypt", "md5")}, "is no hash"),
        ({"password": HASH.replace("$32768$", "$1024$")}, "is no hash"),
        ({"password": HASH.replace("$32768$", "$32767$")}, "is no hash"),
        ({"password": HASH.replace("$32768$", "$4194304$")}, "is no hash"),
        ({"password": HASH.replace("$8$1$", "$0$1$")}, "is no hash"),
        ({"password": HASH.replace("$8$1$", "$8$99$")}, "is no hash"),
        ({"password": HASH + "\n"}, "is no hash"),
    ],
)
def test_a_user_that_cannot_be_is_refused_without_saying_the_secret(fields: dict[str, str], message: str) -> None:
    user = msgspec.structs.replace(WANG, **fields)
    with pytest.raises(ValueError, match=r"web.user\[1\].*" + message) as caught:
        check_web(Web(user=(User("李明", HASH), user)))
    assert "geheim" not in str(caught.value)
    assert "$" not in str(caught.value)
    assert HASH not in repr(user)


def test_two_users_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match=r"web.user\[1\].name.*web.user\[0\]"):
        check_web(Web(user=(WANG, msgspec.structs.replace(WANG, role="reader"))))


@pytest.mark.parametrize(
    ("session", "good"), [("5m", True), ("90d", True), ("12h", True), ("4m", False), ("91d", False), ("x", False)]
)
def test_a_session_lasts_minutes_to_months(session: str, good: bool) -> None:
    if good:
        check_web(Web(session=session))
    else:
        with pytest.raises(ValueError, match=r"web\.session"):
            check_web(Web(session=session))


def test_a_key_without_its_certificate_is_refused() -> None:
    with pytest.raises(ValueError, match=r"web\.key"):
        check_web(Web(key="key.pem"))


def test_hosts_are_taken_for_this_machine_only_when_they_are() -> None:
    assert is_loopback("127.0.0.1")
    assert is_loopback("::1")
    assert not is_loopback("")
    assert not is_loopback("::")

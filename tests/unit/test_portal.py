"""Portal files: what they may say, and the one line that tells what is wrong."""

import pytest

from crawler.portal import (
    BUILT_IN,
    Policy,
    PolicyOverrides,
    PortalError,
    Selectors,
    parse_portal,
    proxy_address,
    seconds,
)

FAMILIES = frozenset({"trs", "hanweb", "generic"})
GOOD = 'title = "临海"\nfamily = "hanweb"\nsections = ["https://www.linhai.gov.cn/col/1.html"]\n'


def parse(text, name="linhai"):
    return parse_portal(name, text, FAMILIES, f"/home/portals/{name}.toml")


def test_a_full_file():
    portal = parse(
        GOOD
        + """
site_id = "3310820001"
organ = "临海市人民政府"
organs = ["临海市教育局", { name = "临海市民政局", aliases = ["民政局"], kind = "department", since = 2019, until = 2022 }]
formerly = "linhai_old"
region = "331082"
level = "county"
allowed_hosts = ["zjjcmspublic.oss.com", "127.0.0.1", "::1"]
verified = "2026-11-22"
[selectors]
body = ".article"
[policy]
delay = 0.5
takedown_confirmations = 2
takedown_after = "36h"
"""
    )
    assert portal.name == "linhai"
    assert [organ.name for organ in portal.organs] == ["临海市教育局", "临海市民政局"]
    assert portal.hosts == {"www.linhai.gov.cn"}
    policy = Policy().overridden(portal.policy)
    assert (policy.delay, policy.concurrency, policy.takedown_confirmations, policy.takedown_after) == (
        0.5,
        2,
        2,
        129600,
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title = ", "not valid TOML"),
        (GOOD.replace("title", "titel"), 'titel: unknown key; did you mean "title"?'),
        (
            GOOD + "[policy]\ntakedown_confirmation = 3\n",
            'policy.takedown_confirmation: unknown key; did you mean "takedown_confirmations"?',
        ),
        (GOOD + '[selectors]\nbdy = "x"\n', 'selectors.bdy: unknown key; did you mean "body"?'),
        (GOOD + 'organs = [{ name = "甲", alias = ["乙"] }]\n', 'alias: unknown key; did you mean "aliases"?'),
        (GOOD.replace('family = "hanweb"\n', ""), "family: is missing"),
        (GOOD.replace("hanweb", "hanwebb"), 'family: unknown "hanwebb"; did you mean "hanweb"?'),
        (GOOD.replace("hanweb", "zzz"), "known: generic, hanweb, trs"),
        (GOOD.replace("临海", " "), "title: is empty"),
        (GOOD.replace('["https://www.linhai.gov.cn/col/1.html"]', "[]"), "sections: is empty"),
        (GOOD.replace('["https://www.linhai.gov.cn/col/1.html"]', '"https://x.cn/"'), "sections: "),
        (GOOD.replace("https://www", "ftp://www"), "is not an http or https address"),
        (GOOD.replace(".gov.cn/", ".gov.cn:port/"), "sections[0]: "),
        (GOOD.replace("/1.html", "/{jahr}.html"), "only {year} is filled in"),
        (GOOD + 'name = "x"\n', "name: the file's stem is the portal's name"),
        (GOOD + 'region = "33108"\n', "region: "),
        (GOOD + 'exit = "cn south"\n', "exit: "),
        (GOOD + 'exit = ".."\n', "exit: "),
        (GOOD + 'site_id = "33"\n', "site_id: "),
        (GOOD + 'level = "village"\n', "level: "),
        (GOOD + 'enabled = "yes"\n', "enabled: "),
        (GOOD + 'allowed_hosts = ["https://x.cn/"]\n', "allowed_hosts[0]: "),
        (GOOD + 'formerly = "Lin hai"\n', "formerly: "),
        (GOOD + 'verified = "yesterday"\n', "verified: "),
        (
            GOOD + 'organs = [{ name = "甲", since = 2022, until = 2019 }]\n',
            "organs[0].until: 2019 is before since = 2022",
        ),
        (GOOD + 'organs = [""]\n', "organs[0].name: is empty"),
        (GOOD + 'organs = [{ name = "甲", kind = "county" }]\n', "organs[0].kind: "),
        (GOOD + '[policy]\ntakedown_after = "soon"\n', 'policy.takedown_after: "soon" is not a duration'),
        (GOOD + "[policy]\ntakedown_confirmations = 0\n", "policy.takedown_confirmations: 0 is too small"),
        (GOOD + "[policy]\ndelay = -1.0\n", "policy.delay: -1.0 is too small"),
        (GOOD + '[policy]\ndelay = "slow"\n', "policy.delay: "),
    ],
)
def test_a_broken_file_is_one_line_that_names_file_key_and_remedy(text, says):
    with pytest.raises(PortalError) as caught:
        parse(text)
    message = str(caught.value)
    assert message.startswith("/home/portals/linhai.toml: ")
    assert says in message
    assert "\n" not in message


@pytest.mark.parametrize("name", ["Lin", "lin-hai", "林", "", "a b"])
def test_a_files_stem_is_a_name(name):
    with pytest.raises(PortalError, match="rename it"):
        parse(GOOD, name)


@pytest.mark.parametrize(("text", "length"), [("24h", 86400), ("90 s", 90), ("15m", 900), ("7d", 604800), ("0s", 0)])
def test_durations(text, length):
    assert seconds(text, "k") == length


@pytest.mark.parametrize("text", ["", "h", "1w", "-1h", "1.5h", "1h30m"])
def test_no_durations(text):
    with pytest.raises(ValueError, match="k: "):
        seconds(text, "k")


def test_a_default_stays_where_nothing_is_set():
    assert Policy().overridden(PolicyOverrides()) == Policy()
    assert Policy().overridden(PolicyOverrides(delay=0.0, obey_robots=False)) == Policy(delay=0.0, obey_robots=False)


def test_rules_change_with_what_reads_pages_and_with_nothing_else():
    portal = parse(GOOD)
    same = parse(GOOD + 'region = "331082"\norgans = ["甲局"]\n[policy]\ndelay = 3.0\n')
    assert same.rules("1") == portal.rules("1")
    others = [portal.rules("2"), parse(GOOD + '[selectors]\nbody = "x"\n').rules("1"),
              parse(GOOD.replace("hanweb", "trs")).rules("1"), parse(GOOD + "render = true\n").rules("1")]  # fmt: skip
    assert len({portal.rules("1"), *others}) == 5
    assert Selectors() == portal.selectors


def test_a_proxys_secret_comes_from_the_environment():
    portal = parse(GOOD + 'proxy = "http://u:${SECRET}@proxy:3128"\n')
    assert proxy_address(portal, {"SECRET": "s"}) == "http://u:s@proxy:3128"
    with pytest.raises(PortalError, match="export SECRET"):
        proxy_address(portal, {})


def test_built_in_files_are_valid():
    from crawler.families import names

    for path in BUILT_IN.glob("*.toml"):
        parse_portal(path.stem, path.read_text(encoding="utf-8"), names(), str(path))

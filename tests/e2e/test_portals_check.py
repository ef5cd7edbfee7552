"""`nianbao portals check` against portals on loopback: what an operator sees on the first day, and what it must not touch."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.demo.text import write_paper
from monitor.demo.world import World
from tests.e2e.service_home import disable_built_in
from tests.e2e.test_cli import Operator

ONE, OTHER = "haitang", "linhe"


@pytest.fixture
def world() -> Iterator[World]:
    with World(ONE, OTHER) as world:
        yield world


@pytest.fixture
def operator(tmp_path: Path, world: World) -> Operator:
    world.write_portals(tmp_path, confirmations=2, after="1h")
    return Operator(tmp_path)


def test_one_portal_in_full(operator: Operator) -> None:
    told = operator.json("portals", "check", ONE)
    assert (told["verdict"], told["why"], told["remedy"]) == ("good", "", "")
    assert len(told["links"]) == len(told["reports"]) == 10
    assert all(
        report["figures"] > 150 and report["where"]["title"] and report["where"]["body"] for report in told["reports"]
    )
    assert told["requests"] > 10
    assert not (operator.home / "nianbao.db").exists()
    told = operator.json("portals", "check", ONE, "--reports", "3")
    assert (len(told["links"]), len(told["reports"])) == (10, 3)
    assert {report["year"] for report in told["reports"]} >= {2020, 2024}, "the oldest and the newest are among them"
    text = operator.run("portals", "check", ONE, "--reports", "1")
    assert text.startswith(f"{ONE} (gkmlpt): good\n")
    assert "title by meta ArticleTitle; date by meta PubDate" in text


def test_a_fleet_as_a_table(operator: Operator, world: World) -> None:
    disable_built_in(operator.home)
    world[OTHER].start_outage("412")
    told = operator.json("portals", "check", code=1)
    assert told["verdicts"] == {"good": 1, "challenge": 1}
    assert {one["portal"]: one["verdict"] for one in told["portals"]} == {ONE: "good", OTHER: "challenge"}
    assert [len(one["reports"]) for one in told["portals"]] == [3, 0]
    text = operator.run("portals", "check", ONE, OTHER, code=1)
    lines = text.splitlines()
    assert lines[0].split("\t")[:4] == ["代号", "门户", "系统", "结论"]
    assert [line.split("\t")[3] for line in lines[1:3]] == ["正常", "人机验证"]
    assert f"{OTHER} (hanweb): challenge" in lines
    assert f"{ONE} (gkmlpt): good" not in lines, "only what is wrong is told at length"
    assert lines[-1] == "2 portals: 1 good, 1 challenge"


TROUBLES = {
    "503": "no answer",
    "refused": "no answer",
    "403": "refused",
    "521": "challenge",
    "captcha": "challenge",
    "robots": "closed by robots.txt",
    "vanished": "section gone",
    "homeward": "no answer",
    "login": "challenge",
}


def test_each_trouble_has_its_verdict_and_a_remedy(tmp_path: Path) -> None:
    """Each at a portal of its own, checked by one command."""
    names = {f"{ONE}{number}": trouble for number, trouble in enumerate(TROUBLES, 2)}
    with World(*names) as world:
        world.write_portals(tmp_path, confirmations=2, after="1h")
        for name, trouble in names.items():
            world[name].start_outage(trouble)  # type: ignore[arg-type]
        told = Operator(tmp_path).json("portals", "check", *names, code=1)
    checked = {names[one["portal"]]: one for one in told["portals"]}
    assert {trouble: one["verdict"] for trouble, one in checked.items()} == TROUBLES, checked
    assert [trouble for trouble, one in checked.items() if not (one["remedy"] and one["why"])] == []


def test_against_the_last_check_and_against_the_record(operator: Operator, world: World) -> None:
    site = world[ONE]
    assert operator.json("portals", "check", ONE).get("compared") is None
    site.publish(write_paper("海棠区审计局", 2025, published_on="2026-02-01"))
    compared = operator.json("portals", "check", ONE)["compared"]
    assert (compared["origin"], compared["before"], compared["new"], compared["lost"]) == ("check", 10, 1, [])
    operator.run("crawl", ONE)
    item = site.find("海棠区审计局", 2021)
    site.take_down(item, "404")
    told = operator.json("portals", "check", ONE, code=1)
    assert told["verdict"] == "fewer than before"
    assert told["compared"]["origin"] == "record"
    assert [link["year"] or link["title"] for link in told["compared"]["lost"]]
    assert len(told["compared"]["lost"]) == 1
    assert operator.rows("SELECT count(*) FROM crawls") == [(1,)], "a check is no pass"


def test_verified_is_written_for_what_is_good(operator: Operator, world: World) -> None:
    world[OTHER].start_outage("503")
    told = operator.json("portals", "check", ONE, OTHER, "--mark", code=1)
    assert told["marked"] == [ONE]

    def verified(name: str) -> str:
        return str(tomllib.loads((operator.home / "portals" / f"{name}.toml").read_text("utf-8")).get("verified", ""))

    assert (verified(ONE), verified(OTHER)) == ("2026-02-10", "")
    listed = {row["name"]: row["verified"] for row in operator.json("portals")}
    assert (listed[ONE], listed[OTHER]) == ("2026-02-10", "")


def test_wrong_words_are_refused(operator: Operator) -> None:
    operator.run("portals", "check", "nosuch", code=2)
    operator.run("portals", "check", ONE, OTHER, "--captures", code=2)
    operator.run("portals", "check", ONE, "--reports", "0", code=2)
    (operator.home / "portals" / "bad.toml").write_text("title = 1\n")
    operator.run("portals", "check", "bad", code=2)
    disable_built_in(operator.home)
    told = operator.json("portals", "check", code=2)
    assert [one["portal"] for one in told["portals"]] == [ONE, OTHER], "a broken file stops no other portal"
    assert list(told["faults"]) == ["bad"]

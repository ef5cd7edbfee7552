"""Passes whose process died: settled if they had finished, else recorded as killed, by whoever opens the home next."""

import pytest

from monitor.home import Home
from monitor.run import recover


def outcomes(site):
    return [row["outcome"] for row in site.store.rows("SELECT outcome FROM crawls ORDER BY id")]


def recovered(site):
    settled = list(recover(Home(site.home), site.store, site.settings, lambda: site.now))
    site.check()
    return settled


def test_nothing_to_recover(site):
    site.run()
    assert recovered(site) == []


def test_a_pass_that_finished_before_anyone_settled_it(site):
    site.write(site.brief())
    [settled] = recovered(site)
    assert (settled.outcome, settled.reports_seen) == ("ok", 2)
    assert [one.kind for one in site.events()] == ["appeared", "appeared", "baseline"]
    assert recovered(site) == []


def test_a_pass_without_its_end_is_killed(site):
    site.write(site.brief())
    (site.folder / "run.json").unlink()
    [settled] = recovered(site)
    assert (settled.outcome, outcomes(site), site.reports()) == ("killed", ["killed"], [])
    assert site.run()[-1].kind == "baseline"


def test_a_pass_whose_folder_was_never_made_is_killed(site):
    site.store.sync_portal(site.portal)
    site.store.start_crawl("linhai", "full", site.now)
    assert [one.outcome for one in recovered(site)] == ["killed"]


def test_several_are_recovered_in_their_order(site, paper):
    site.write(site.brief())
    site.publish(paper.report(2024, requests=99))
    site.write(site.brief())
    assert [one.crawl for one in recovered(site)] == [1, 2]
    assert outcomes(site) == ["ok", "ok"]
    # The second was briefed before the first was settled: it tells its pages whole, and nothing is lost.
    assert [one.kind for one in site.events()] == ["appeared", "appeared", "baseline", "changed"]


@pytest.mark.parametrize("damage", ["torn", "no observations", "bad run"])
def test_a_damaged_folder_is_recorded_with_its_cause_and_the_next_pass_makes_up_for_it(site, damage):
    site.write(site.brief())
    lines = site.folder / "observations.jsonl"
    match damage:
        case "torn":
            lines.write_bytes(lines.read_bytes()[:-20])
        case "no observations":
            lines.unlink()
        case "bad run":
            (site.folder / "run.json").write_bytes(b"\x00" * 40)
    [settled] = recovered(site)
    assert settled.outcome == "killed"
    assert "damaged run folder" in settled.trouble
    assert site.run()[-1].kind == "baseline"


def test_a_pass_that_breaks_settling_is_recorded_and_not_tried_for_ever(site, monkeypatch):
    site.write(site.brief())
    with monkeypatch.context() as patch:
        patch.setattr("monitor.settle.match_reports", lambda *_: {}["no"])
        [settled] = recovered(site)
    assert "could not be settled: KeyError" in settled.trouble
    assert outcomes(site) == ["killed"]
    assert site.run()[-1].kind == "baseline"


def test_three_killed_before_any_response_are_an_outage(site):
    site.run()
    for _ in range(3):
        site.brief()
        recovered(site)
    assert [one.kind for one in site.events() if not one.baseline] == ["baseline", "portal_down"]


def test_an_older_pass_that_is_found_late_is_refused(site, paper):
    site.run()
    site.write(old := site.brief())
    site.publish(paper.report(2025))
    site.run()
    [settled] = recovered(site)
    assert (settled.crawl, settled.outcome) == (old, "killed")
    assert "refused" in settled.trouble
    assert site.report(2025)


def test_old_folders_are_cleared_and_a_number_given_again_after_a_restore_finds_its_place(site):
    for _ in range(site.settings.service.keep_runs + 2):
        site.write(site.brief())
        recovered(site)
    folders = sorted(int(path.name) for path in (site.home / "runs" / "linhai").iterdir())
    assert folders == [3, 4, 5]
    (site.home / "runs" / "linhai" / "6").mkdir()
    (site.home / "runs" / "linhai" / "6" / "run.json").write_text("of another record")
    assert site.run() == []

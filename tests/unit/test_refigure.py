"""An upgrade reads the figures of stored versions again, and tells nobody."""

from random import Random
from typing import Any

import pytest

from monitor.demo.national_tables import sheet
from monitor.figures.revision import revision
from monitor.refigure import refigure

FIELD = "requests.new.total"


@pytest.fixture
def stored(site: Any, paper: Any) -> Any:
    """Two years with tables, settled."""
    for year, form in ((2020, "2019"), (2021, "2021")):
        text = f"{paper.body(year)}\n{sheet(Random(year), form, odd=0).text}"
        site.publish(paper.report(year, text=text))
    site.run()
    return site


def figures(site: Any) -> list[Any]:
    return site.store.rows("SELECT * FROM figures ORDER BY version, field")


def findings(site: Any) -> list[Any]:
    return site.store.rows("SELECT version, rule, place, detail FROM findings ORDER BY id")


def test_what_other_rules_read_is_read_again(stored: Any) -> None:
    before, said = figures(stored), findings(stored)
    stored.store.run("UPDATE figures SET value = 99999 WHERE field = ?", (FIELD,))
    stored.store.run("DELETE FROM figures WHERE field LIKE 'review.%'")
    stored.store.run("UPDATE versions SET figures_by = 'rules of yore'")
    assert stored.run() == []
    assert figures(stored) == before
    assert findings(stored) == said
    assert stored.store.rows("SELECT DISTINCT figures_by FROM versions") == [{"figures_by": revision()}]


def test_what_todays_rules_read_is_left_alone(stored: Any) -> None:
    stored.store.run("UPDATE figures SET value = 99999 WHERE field = ?", (FIELD,))
    told: list[tuple[int, int]] = []
    assert refigure(stored.store, stored.portal.name, lambda done, total: told.append((done, total))) == 0
    assert told == []
    assert {row["value"] for row in figures(stored) if row["field"] == FIELD} == {99999.0}


def test_a_kill_between_batches_loses_one_batch(stored: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.refigure._BATCH", 1)
    stored.store.run("UPDATE versions SET figures_by = ''")

    def killed(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refigure(stored.store, stored.portal.name, killed)
    left = stored.store.rows("SELECT id FROM versions WHERE figures_by = ''")
    assert len(left) == len(stored.reports()) - 2
    refigure(stored.store, stored.portal.name)
    assert stored.store.rows("SELECT id FROM versions WHERE figures_by = ''") == []

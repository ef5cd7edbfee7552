"""A sample of the held-out sites, end to end: added from an address, crawled, compared with the truth. All: `python -m tests.held_out`."""

from collections.abc import Callable

import pytest

from tests.held_out import gkmlpt, hanweb, trs, unknown
from tests.held_out.runner import run
from tests.held_out.site import COLUMN, HOME, REPORT, Site


@pytest.mark.parametrize(
    ("make", "start"),
    [
        (trs.script_rows, HOME),
        (hanweb.jpaas, REPORT),
        (gkmlpt.nfcms, COLUMN),
        (unknown.asp, HOME),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_site_that_nobody_saw_is_added_and_read(make: Callable[[], Site], start: str) -> None:
    score = run(make(), start)
    assert score.trouble == ""
    assert score.family_right, score.family
    assert score.section_right, score.sections
    assert score.missed == []
    assert score.extra == []
    assert score.stirred == []
    assert (score.year_right, score.organ_right) == (score.expected, score.expected)

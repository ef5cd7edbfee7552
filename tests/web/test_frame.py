"""What every page has: a frame without errors on the console, nothing from elsewhere, no serious fault of accessibility."""

import pytest

from tests.web.conftest import Look, Pages, Served

PATHS = ["/"]


@pytest.mark.browser
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_a_page_opens_without_a_fault(served: Served, look: Look, path: str, width: int, dark: bool) -> None:
    seen = look(served.url + path, width=width, dark=dark)
    assert seen.said == ()
    assert seen.faults == ()


def test_what_is_not_there_is_said_in_chinese(pages: Pages) -> None:
    answer = pages("/nothing/of/that/kind/at/all")
    assert answer.status_code == 404
    assert "没有这个页面" in answer.text

"""What every page has that is none: the frame, in Chinese. The others' own tests open them in a browser, `/` in test_front.py."""

from tests.web.conftest import Pages


def test_what_is_not_there_is_said_in_chinese(pages: Pages) -> None:
    answer = pages("/nothing/of/that/kind/at/all")
    assert answer.status_code == 404
    assert "没有这个页面" in answer.text

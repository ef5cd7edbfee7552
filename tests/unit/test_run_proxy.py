"""A portal's proxy: its secret comes from the environment, and is missed before anything starts."""

import pytest

from crawler.portal import Portal, PortalError, proxy_address

PORTAL = Portal(
    "far", "远县", "trs", ("https://www.example.gov.cn/nb/",), proxy="http://u:${CN_PASSWORD}@127.0.0.1:3128"
)


def test_the_variable_is_filled_in() -> None:
    assert proxy_address(PORTAL, {"CN_PASSWORD": "s3cret"}) == "http://u:s3cret@127.0.0.1:3128"


def test_a_variable_that_is_not_set_names_portal_key_and_remedy() -> None:
    with pytest.raises(PortalError, match=r"far\.toml: proxy: \$\{CN_PASSWORD\} is not set.*export CN_PASSWORD"):
        proxy_address(PORTAL, {})

"""Portal files become spiders."""

from pathlib import Path

import pytest
from scrapy import Request
from scrapy.settings import Settings

from crawler.loader import PortalSpiderLoader, load_portals
from crawler.portal import BUILT_IN, PortalError

FILE = 'title = "甲"\nfamily = "trs"\nsections = ["http://www.jia.gov.cn/nb/"]\n'


def home(tmp_path: Path, name: str, text: str) -> Path:
    (tmp_path / "portals").mkdir(exist_ok=True)
    (tmp_path / "portals" / name).write_text(text)
    return tmp_path


def test_the_fleet_loads() -> None:
    portals = load_portals(None)
    assert {"beijing", "beijing_csglw", "beijing_fgw", "haidian", "linhai", "haizhu", "guangzhou"} <= set(portals)
    assert set(portals) == {path.stem for path in BUILT_IN.glob("*.toml")}


def test_an_operators_file_adds_and_overrides(tmp_path: Path) -> None:
    home(tmp_path, "jia.toml", FILE)
    portals = load_portals(home(tmp_path, "linhai.toml", FILE))
    assert portals["jia"].title == "甲"
    assert portals["linhai"].family == "trs"


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PortalError, match=r'bad\.toml: family: unknown "trz"; did you mean "trs"\?'):
        load_portals(home(tmp_path, "bad.toml", FILE.replace("trs", "trz")))


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    home(tmp_path, "gbk.toml", "")
    (tmp_path / "portals" / "gbk.toml").write_bytes('title = "甲"'.encode("gbk"))
    with pytest.raises(PortalError, match=r"gbk\.toml: not UTF-8"):
        load_portals(tmp_path)


def test_every_portal_is_a_spider(tmp_path: Path) -> None:
    loader = PortalSpiderLoader.from_settings(Settings({"NIANBAO_HOME": str(home(tmp_path, "jia.toml", FILE))}))
    assert "jia" in loader.list()
    assert loader.load("jia").name == "jia"
    assert loader.find_by_request(Request("https://jia.gov.cn/x")) == ["jia"]
    with pytest.raises(KeyError, match="nosuch"):
        loader.load("nosuch")

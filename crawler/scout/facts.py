"""Whose portal it is: name, organ, SiteIDCode, region and level, as its pages say them.

In: fetched pages of one portal. Out: `Facts`. Pure; never raises. First what the national guideline makes every site say (meta
SiteName and SiteIDCode; in the foot 主办单位 and 网站标识码; 国办发〔2017〕47号), then <title>. What several pages say wins over what
one says. A page whose SiteDomain is of another government than its host is a clone's, and is not believed ("domain notes", 0).
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice

from selectolax.lexbor import LexborHTMLParser

from crawler.families.rows import is_article, squeezed
from crawler.page import titles
from crawler.page.address import host_of, is_home
from crawler.portal import Level
from crawler.scout.hosts import registered
from crawler.scout.model import Facts, Seen
from crawler.scout.pages import opened

_SITE_ID = re.compile(r"\d{10}|bm\d{8}", re.I)
_SHOWN_ID = re.compile(
    r"(?:网站|站点|网页)标[识示]码(?:<[^<>]{0,300}>|&nbsp;|[:：\s]){0,8}(\d{10}|bm\d{8})(?!\d)", re.I
)
_REPORT_ERRORS = re.compile(r"<script\s[^<>]{0,200}\bsitecode\s{0,4}=\s{0,4}['\"]?(\d{10}|bm\d{8})\b", re.I)
"""The script of 政府网站找错 that every site must carry: `<script id="_jiucuo_" sitecode="1506000140" …>`."""
_SPONSOR = re.compile(
    r"(?:主办单位|主办机关|主办|主管单位|版权所有)[:：©]?(?P<organ>[\u4e00-\u9fff（）()]{3,40}?)(?=承办|协办|主管|主办|技术|维护|网站|地址|电话|联系|版权|备案|[^\u4e00-\u9fff（）()]|$)"
)
_SPONSORED = re.compile(
    r"(?P<organ>[\u4e00-\u9fff]{2,30}?(?:人民政府|委员会|[局厅委署院])(?:办公[厅室])?)(?:门户网站)?(?:主办|版权所有)(?![:：单])"
)
"""某县人民政府主办, 某县人民政府版权所有."""
_PROVINCES = frozenset(
    map(str, (*range(11, 16), 21, 22, 23, *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82))
)
_MUNICIPALITIES = frozenset({"11", "12", "31", "50"})
_SITE_TAIL = re.compile(
    r"(?:政府)?(?:门户网站群?|官方网站|政务网站?|公众信息网|政府网站?|信息公开网|信息网|门户|网站|官网|主站|首页|欢迎您?)++$"
)
_GREETING = re.compile(r"^(?:欢迎(?:您)?(?:访问|光临|来到|您)*|首页|网站首页|中国)(?=.{4})")
_GOVERNMENT = re.compile(r"人民政府$|(?:^|[省市区县旗州])政府$")
_TOWNSHIP = re.compile(r"(?:镇|乡|街道|苏木)(?:人民政府|办事处|党工委)?$|街道办事处$")
_OFFICE = re.compile(r"(?<=人民政府)(?:办公[厅室]|政务公开办公室|信息公开办公室|电子政务办公室)(?:[(（].{0,20}[)）])?$")
_DEPARTMENT = re.compile(
    r"(?:[局委厅署院部办处会]|委员会|中心|办公室|管委会|支队|总队|公司|集团|法院|检察院|海关|银行)(?:[(（].{0,30}[)）])?$"
)


def facts(pages: Sequence[Seen]) -> Facts:
    """What the pages say of the portal; "" where they do not, or where no plausible value stands."""
    names: Counter[str] = Counter()
    sponsors: Counter[str] = Counter()
    ids: Counter[str] = Counter()
    for page in pages:
        if page.status != 200:
            continue
        text, tree, _, _ = opened(page)
        metas = _metas(tree)
        if not _own(page.url, metas.get("sitedomain", [])):
            continue
        ids.update(dict.fromkeys(_site_ids(metas.get("siteidcode", [])), 3))
        for pattern in (_SHOWN_ID, _REPORT_ERRORS):
            shown = islice((match[1] for match in pattern.finditer(text)), 5)
            ids.update(dict.fromkeys(_site_ids(shown), 2))
        names.update({name: 3 for value in metas.get("sitename", []) if (name := _name(value))})
        names.update(dict.fromkeys(_title_names(page.url, tree), 1))
        sponsors.update(dict.fromkeys(_sponsors(tree), 1))
    title = _most(names)
    site_id = _most(ids)
    region = site_id[:6] if plausible(site_id[:6]) else ""
    organ = _organ(title, [organ for organ, _ in sponsors.most_common(5)])
    return Facts(title or organ, organ, site_id, region, _level(organ or title, site_id, region))


def plausible(region: str) -> bool:
    """Whether six digits can be a region's code in GB/T 2260: a province that there is, and no county without a prefecture."""
    if not re.fullmatch(r"[1-9]\d{5}", region) or region[:2] not in _PROVINCES:
        return False
    prefecture, county = int(region[2:4]), int(region[4:6])
    # 01–20 cities, 21–43 areas and autonomous prefectures (湘西 4331, 阿勒泰 6543), 90 counties under the province itself.
    most = 3 if region[:2] in _MUNICIPALITIES else 43
    return (prefecture <= most or prefecture == 90) and county < 99 and (prefecture > 0 or county == 0)


def level_of(region: str) -> Level | None:
    """The level of the government that a region's code is of; None for no code."""
    if not plausible(region):
        return None
    if region.endswith("0000"):
        return "province"
    return "prefecture" if region.endswith("00") else "county"


def _level(organ: str, site_id: str, region: str) -> str:
    """By the organ's kind first: a department's site has its government's region."""
    if site_id.startswith("bm"):
        return "department"
    if _TOWNSHIP.search(organ):
        return "township"
    if organ and not _GOVERNMENT.search(organ) and _DEPARTMENT.search(organ) and not _OFFICE.search(organ):
        return "department"
    told = level_of(region)
    if told is not None:
        return told
    place = re.sub(r"(?:人民)?政府$", "", organ)
    if place == organ:
        return ""
    if re.search(r"(?:省|自治区)$", place) or place in ("北京市", "上海市", "天津市", "重庆市"):
        return "province"
    if re.search(r"(?:自治州|地区|盟|州)$", place):
        return "prefecture"
    # 某市 may be a prefecture or a county; 某省某市 and 某市某区 say more.
    if re.search(r"[县区旗]$", place) or re.search(r"市.{1,8}市$", place):
        return "county"
    return ""


def _organ(title: str, sponsors: Sequence[str]) -> str:
    """The organ whose portal it is: the site's name where that is an organ's, else who runs it.

    A government's portal is run by its office (主办：某市人民政府办公室), whose own reports are other ones.
    """
    if titles.is_organ_name(title) and (
        _GOVERNMENT.search(title) or _DEPARTMENT.search(title) or _TOWNSHIP.search(title)
    ):
        return title
    for sponsor in sponsors:
        bare = _OFFICE.sub("", sponsor)
        if _GOVERNMENT.search(bare) or titles.is_organ_name(bare):
            return bare
    return ""


def _site_ids(values: Iterable[str]) -> list[str]:
    """Codes that can be a site's: bm and eight digits, or a region that there is and four digits."""
    found = []
    for value in values:
        code = squeezed(value).lower()
        if _SITE_ID.fullmatch(code) and (code.startswith("bm") or plausible(code[:6])):
            found.append(code)
    return list(dict.fromkeys(found))


def _name(value: str) -> str:
    """A site's name without 门户网站 and greetings; of several (首都之窗_北京市人民政府) the organ's."""
    whole = _GREETING.sub("", squeezed(value)[:80])
    for part in (whole, *re.split(r"[-_|—·>»()（）]+", whole)):
        shorter = _SITE_TAIL.sub("", part)
        # 某县政府网 → 某县政府, which no rule may cut to 某县.
        for candidate in (shorter + "人民政府", shorter + "政府", shorter):
            if candidate in part and not re.search("[-_|—·]", candidate) and titles.is_organ_name(candidate):
                return candidate
    return whole if 3 <= len(whole) <= 40 and re.search(r"[\u4e00-\u9fff]", whole) else ""


def _title_names(url: str, tree: LexborHTMLParser) -> list[str]:
    """Site names in <title>: all of a home page's, the last part of another page's."""
    node = tree.css_first("title")
    text = squeezed(node.text() or "")[:300] if node is not None else ""
    parts = [part for part in re.split(r"[-_|—>»]+", text) if part]
    chosen = parts if is_home(url) and not is_article(url) else parts[1:][-1:]
    named = [
        _name(part)
        for part in chosen
        if titles.classify(part).kind == "other" and not re.search("信息公开|首页|年报|列表", part)
    ]
    return [name for name in named if name and titles.is_organ_name(name)]


def _sponsors(tree: LexborHTMLParser) -> list[str]:
    """Organs that the page's foot names as running the site."""
    body = tree.body
    text = (body.text() or "")[-20_000:] if body is not None else ""
    matches = (
        *islice(_SPONSOR.finditer(squeezed(text)), 6),
        *islice(_SPONSORED.finditer(text), 3),  # white space parts 中共某县委 from 某县人民政府主办
    )
    found = [match["organ"].strip("()（）") for match in matches]
    return [organ for organ in dict.fromkeys(found) if titles.is_organ_name(organ)]


def _own(url: str, domains: Iterable[str]) -> bool:
    """Whether a page is of the host that it says it is of; one that says nothing, or stands on a number, is believed."""
    here = registered(host_of(url))
    if not here or here == "localhost" or not re.search(r"[a-z]", here):
        return True
    told = [host for domain in domains if (host := host_of(domain if "//" in domain else f"http://{domain}"))]
    return not told or any(registered(host) == here for host in told)


def _metas(tree: LexborHTMLParser) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for node in islice(tree.css("meta[name]"), 200):
        name = (node.attributes.get("name") or "").strip().lower()
        if name in ("sitename", "siteidcode", "sitedomain") and (
            content := (node.attributes.get("content") or "").strip()
        ):
            found.setdefault(name, []).append(content[:200])
    return found


def _most(counts: Counter[str]) -> str:
    return counts.most_common(1)[0][0] if counts else ""

"""Which organ a printed name means."""

import random

import pytest

from crawler.page.chinese import to_traditional
from monitor.identity import OrganRow, Organs, find_organ, kind_of, one_organ, organ_key, organ_name, same_organ


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        ("临海市", "临海市人民政府"),
        ("临海市政府", "临海市人民政府"),
        ("臨海市人民政府", "临海市人民政府"),
        (" 临海市 人民政府\u200b", "临海市人民政府"),
        ("临海市政府办公室", "临海市人民政府办公室"),
        ("临海市人民政府（本级）", "临海市人民政府"),
        ("临海市教育局", "临海市教育局"),
        ("古城街道办事处", "古城街道办事处"),
        ("东塍镇政府", "东塍镇人民政府"),
    ],
)
def test_the_form_in_which_names_are_compared(printed, name):
    assert organ_name(printed) == name
    assert organ_name(name) == name


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("临海市人民政府", "government"),
        ("海淀区", "government"),
        ("景德镇市人民政府", "government"),
        ("新乡县人民政府", "government"),
        ("平乡县", "government"),
        ("临海市人民政府办公室", "office"),
        ("浙江省人民政府办公厅", "office"),
        ("临海市教育局", "department"),
        ("临海市教育局办公室", "department"),
        ("某市大数据中心", "department"),
        ("东塍镇人民政府", "township"),
        ("东塍镇", "township"),
        ("古城街道办事处", "township"),
        ("某某乡", "township"),
        ("古城街道党政办公室", "township"),
    ],
)
def test_kinds(name, kind):
    assert kind_of(name) == kind


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("临海市人民政府", "浙江省临海市人民政府", True),
        ("发展和改革委员会", "北京市发展和改革委员会", True),
        ("临海市人民政府", "临海市人民政府办公室", False),
        ("人民政府", "临海市人民政府", False),
        ("民政局", "临海市民政局", False),
        ("临海市教育局", "临海市体育局", False),
    ],
)
def test_one_organ_or_two(one, other, same):
    assert same_organ(one, other) is same
    assert same_organ(other, one) is same


def test_an_exact_name_wins_over_a_suffix_and_aliases_count():
    rows = [OrganRow(1, "浙江省临海市人民政府"), OrganRow(2, "临海市人民政府"), OrganRow(3, "甲局", ("乙局",))]
    assert find_organ("临海市", rows).id == 2
    assert find_organ("乙局", rows).id == 3
    assert find_organ("丙局", rows) is None


def test_successive_names_on_one_page_are_one_organ():
    assert one_organ(["监督指挥中心", "监督指挥中心", "管理指挥中心"], [2016, 2017, 2022])
    assert one_organ(["监督指挥中心"], [2016])
    assert not one_organ(["甲局", "乙局"], [2020, 2020])
    assert not one_organ(["临海市人民政府", "临海市人民政府办公室"], [2019, 2020])


WORDED = [
    ("乾县数据局", "乾縣資料局"),
    ("临海市信息中心", "臨海市資訊中心"),
    ("临海市网络信息办公室", "臨海市網路資訊辦公室"),
    ("临海市软件园管理委员会", "臨海市軟體園管理委員會"),
    ("临海市质量技术监督局", "臨海市品質技術監督局"),
    ("於潜镇人民政府", "於潛鎮人民政府"),
]


@pytest.mark.parametrize(("simplified", "converted"), WORDED)
def test_a_name_read_through_a_gateway_with_regional_words_is_the_same_organ(simplified, converted):
    assert organ_key(simplified) == organ_key(converted) == organ_key(to_traditional(simplified))
    assert same_organ(organ_name(simplified), organ_name(converted))
    assert find_organ(converted, [OrganRow(1, "临海市审计局"), OrganRow(2, simplified)]).id == 2
    assert find_organ(simplified, [OrganRow(1, "临海市审计局"), OrganRow(2, organ_name(converted))]).id == 2
    assert find_organ(converted, [OrganRow(1, "甲局", (simplified,))]).id == 1
    assert one_organ([simplified, converted], [2023, 2023])


def test_a_converted_name_with_its_region_before_it_is_the_same_organ():
    assert same_organ("临海市数据局", "浙江省临海市资料局")
    assert find_organ("浙江省臨海市資料局", [OrganRow(1, "临海市数据局")]).id == 1


def test_of_two_organs_that_only_folding_makes_alike_the_name_as_printed_tells():
    rows = [OrganRow(1, "干县人民政府"), OrganRow(2, "乾县人民政府")]
    assert find_organ("乾县", rows).id == 2
    assert find_organ("干县", rows).id == 1


def test_the_form_that_is_stored_keeps_the_words_that_are_printed():
    assert organ_name("临海市数据局") == "临海市数据局"
    assert organ_name("乾县人民政府") == "乾县人民政府"


def looked_through(printed: str, organs: list[OrganRow]) -> OrganRow | None:
    """What `find_organ` says, one organ after the other."""
    name, key = organ_name(printed), organ_key(printed)
    converted = close = None
    for organ in organs:
        names = [organ_name(known) for known in (organ.name, *organ.aliases)]
        if name in names:
            return organ
        if converted is None and key in map(organ_key, names):
            converted = organ
        if close is None and any(same_organ(name, known) for known in names):
            close = organ
    return converted or close


def test_organs_are_found_as_if_one_looked_through_all_of_them():
    dice = random.Random(7)
    regions = ["", "浙江省", "临海市", "浙江省临海市", "臨海市", "古城街道"]
    bodies = [
        "",
        "人民政府",
        "政府",
        "人民政府办公室",
        "教育局",
        "資料局",
        "数据局",
        "发展和改革委员会",
        "办公室",
        "政务服务管理中心",
        "的",
    ]
    names = [region + body for region in regions for body in bodies if region + body]
    for _ in range(60):
        organs = [
            OrganRow(number, dice.choice(names), tuple(dice.sample(names, dice.choice((0, 0, 1, 2)))))
            for number in range(1, dice.randrange(2, 9))
        ]
        known = Organs(organs[:2])
        known.find(dice.choice(names))
        for organ in organs[2:]:
            known.add(organ)
        for printed in names:
            assert known.find(printed) == find_organ(printed, organs) == looked_through(printed, organs)

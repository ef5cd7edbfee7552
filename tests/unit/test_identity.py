"""Which organ a printed name means."""

import pytest

from monitor.identity import OrganRow, find_organ, kind_of, one_organ, organ_name, same_organ


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

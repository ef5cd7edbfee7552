"""crawler.page.titles: every variant seen, near-misses, companions; crawler.page.dates: years and periods as printed."""

import pytest

from crawler.page.dates import bare_year, iso_date, period_in, year_of, years_in
from crawler.page.titles import classify, is_organ_name, without_suffix

REPORTS = {
    "北京市海淀区人民政府2020年政府信息公开工作年度报告": ("北京市海淀区人民政府", 2020),
    "2022年上海市政府信息公开工作年度报告": ("上海市", 2022),
    "2018年北新桥街道办事处政府信息公开年度报告": ("北新桥街道办事处", 2018),
    "某区水务局2023年度政府信息公开年度报告": ("某区水务局", 2023),
    "某区水务局2023年度政府信息公开工作报告": ("某区水务局", 2023),
    "伊宁县政府信息公开工作2023年度报告": ("伊宁县", 2023),
    "伊宁县人民政府信息公开工作2023年度报告": ("伊宁县人民政府", 2023),
    "关于2023年政府信息公开工作的报告": ("", 2023),
    "2016年政务信息公开年度报告": ("", 2016),
    "政府信息公开工作年报": ("", None),
    "政府信息公开工作年度报告（2022年度）": ("", 2022),
    "高岭镇_2017年_政府信息公开年度报告": ("高岭镇", 2017),
    "北京市海淀区人民政府2020年政府信息公开工作年...": ("北京市海淀区人民政府", 2020),
    "北京市海淀区人民政府2020年政府信息公开…": ("北京市海淀区人民政府", 2020),
    "北京市城市管理委員會2020年政府信息公開工作年度報告": ("北京市城市管理委員會", 2020),
    "海珠區(qū)人民政府2020年政府信息公開年度報(bào)告": ("海珠區人民政府", 2020),
    "二〇二〇年临海市政府信息公开工作年度报告": ("临海市", 2020),
    "某县地税局二○一五年政府信息公开年报": ("某县地税局", 2015),
    "２０２０年度某区机构编制委员会办公室政府信息公开工作年度报告": ("某区机构编制委员会办公室", 2020),
    "某市预算评审中心2021年政府信息公开工作年度报告": ("某市预算评审中心", 2021),
    "某区突发事件预警信息发布中心2021年政府信息公开工作年度报告": ("某区突发事件预警信息发布中心", 2021),
    "临海市2020年政府信息公开工作年度报告_临海市人民政府": ("临海市", 2020),
    "长春市2024年政府信息公开工作年度报告 - 长春市人民政府门户网站": ("长春市", 2024),
    "北京市水务局 2020年政府信息公开工作 年度报告": ("北京市水务局", 2020),
    "2021年度泰安市教育局信息公开年度报告": ("泰安市教育局", 2021),
    "某市发展和改革委员会关于2021年政府信息公开工作年度报告": ("某市发展和改革委员会", 2021),
    "某县2021年度政府信息公开工作情况报告": ("某县", 2021),
    "石家庄市人民政府办公室2022年度政府信息公开工作年度报告.pdf": ("石家庄市人民政府办公室", 2022),
    "市政府办公室2020年政府信息公开工作年度报告(2021-01-20)": ("市政府办公室", 2020),
    "厦门市民宗局2025年政府信息公开年度报告（电子版）": ("厦门市民宗局", 2025),
    "2019年政府信息公开年度报告（某市教育局）": ("某市教育局", 2019),
    "国家税务总局某市税务局2019年政府信息公开工作年度报告": ("国家税务总局某市税务局", 2019),
}
OTHERS = """\
2020年政府网站工作年度报表
某局政府网站监管年度报表（2020年度）
某市2020年法治政府建设年度报告
2021年部门预算
2020年度部门决算公开
2021年政府工作报告
政府信息公开年度报告制度
关于做好2020年政府信息公开工作年度报告编制和发布工作的通知
关于印发政府信息公开年度报告格式的通知
固镇县召开2020年政府信息公开工作年度报告编制部署会
海淀区公布2020年政府信息公开工作年度报告
某市2020年政府信息公开工作年度报告公布
政府信息公开指南
政府信息公开目录
2020年政务公开工作要点
2020年政府信息公开工作要点
2020年政府信息公开工作总结
2020年公共企事业单位信息公开年度报告
政府信息公开工作年度报告编制培训
中华人民共和国政府信息公开条例
全市政府信息公开年度报告发布情况通报
首页
""".splitlines()
COMPANIONS = """\
2020年政府信息公开工作年度报告解读
图解：2020年政府信息公开工作年度报告
一图读懂北京市2020年政府信息公开工作年度报告
一圖讀懂2020年政府信息公開年度報告
2020年政府信息公开工作年度报告（图解版）
2020年政府信息公开工作年度报告(H5动画版)
2020年政府信息公开年度报告问答
图解丨2023年某区政府信息公开年报
""".splitlines()


@pytest.mark.parametrize(("title", "said"), REPORTS.items())
def test_reports(title: str, said: tuple[str, int | None]) -> None:
    read = classify(title)
    assert (read.kind, read.organ, read.year) == ("report", *said)


@pytest.mark.parametrize("title", OTHERS)
def test_near_misses_are_no_reports(title: str) -> None:
    assert classify(title).kind == "other"


@pytest.mark.parametrize("title", COMPANIONS)
def test_companions_are_kept_apart(title: str) -> None:
    assert classify(title).kind == "companion"


def test_nothing_raises() -> None:
    for title in ("", " ", "年" * 500, "政府信息公开" * 200, "(" * 300 + "政府信息公开年度报告", "\x00|_-"):
        classify(title)


def test_suffix_and_organ_names() -> None:
    assert without_suffix("某市2020年政府信息公开年度报告-某市人民政府网站") == "某市2020年政府信息公开年度报告"
    assert is_organ_name("某某区人民政府办公室")
    assert not is_organ_name("某某市政府网")
    assert not is_organ_name("某某日报")


def test_years_and_dates() -> None:
    assert [year_of(text) for text in ("２０２０", "二〇二〇", "二○一五", "2 0 2 0", "1999", "20")] == [
        2020, 2020, 2015, 2020, None, None,
    ]  # fmt: skip
    assert years_in("2022年较2021年增长，〔2020〕17号") == [2022, 2021]
    assert bare_year("nb2017/") == 2017
    assert iso_date("二〇〇九年三月二十日") == "2009-03-20"
    assert iso_date("2021/3/9 10:00") == "2021-03-09"
    assert iso_date("20210309103000") == "2021-03-09"
    assert iso_date("1970-01-01") == iso_date("0000-00-00") == iso_date("2021-13-40") == ""


def test_periods() -> None:
    whole = period_in("统计期限自2020年1月1日起至12月31日止")
    assert whole is not None
    assert (whole.start, whole.end, whole.possible) == ("2020-01-01", "2020-12-31", True)
    impossible = period_in("2020年1月1日至2019年12月31日")
    assert impossible is not None
    assert not impossible.possible
    assert period_in("2020年3月2日至3月9日举办培训") is None


def test_readings_that_a_mirror_inserted_are_no_part_of_a_title() -> None:
    said = classify("南洲區(qū)司法局關(guān)於2023年政府資訊公開(kāi)工作的年度報(bào)告")
    assert (said.kind, said.organ, said.year) == ("report", "南洲區司法局", 2023)

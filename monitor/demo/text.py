"""Annual reports that no government ever wrote.

In: an organ, a year and a seed. Out: a `Paper`: title, paragraphs, the form's tables, documents and pictures, the same
for the same words on every machine. The counties do not exist. What the prose says of requests is what table 3 says.
"""

from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from monitor.demo.forms import Dice, Figures, FormYear, Grid, form_of, make_figures, table_four, table_three, table_two

Extras = Literal["none", "document", "picture", "both"]

TABLES = ("\x02表二", "\x02表三", "\x02表四")
"""Paragraphs that stand for the form's tables."""
PICTURE = "\x02图"
"""A paragraph that begins so stands for the picture of that number."""
ANNEX = "\x02附"
"""A paragraph that stands for `Paper.annex`."""

_TITLES = (
    "{organ}{year}年政府信息公开工作年度报告",
    "{year}年{organ}政府信息公开工作年度报告",
    "{organ}{year}年度政府信息公开年度报告",
    "{organ}政府信息公开工作{year}年度报告",
    "{organ}关于{year}年政府信息公开工作的年度报告",
)
_OPENING = (
    "本报告由{organ}根据《中华人民共和国政府信息公开条例》（国务院令第711号，以下简称《条例》）第五十条的规定编制。"
    "全文由总体情况、主动公开政府信息情况、收到和处理政府信息公开申请情况、因政府信息公开工作被申请行政复议、提起行政诉讼情况、"
    "存在的主要问题及改进情况、其他需要报告的事项六部分组成。所列数据的统计期限自{year}年1月1日起，至{year}年12月31日止。"
    "如对本报告有疑问，请与{short}政务公开科联系（地址：{county}人民路{n}号；邮编：3{n}{n}0）。"
)
_SUMMARY = (
    "{year}年，{short}围绕“阳光{county}”建设，把公开要求嵌入决策、执行、管理、服务、结果各环节，全年召开专题会议{a}次，"
    "修订制度{b}项，群众对公开工作的满意率为{p}.{b}%。",
    "{year}年，{short}坚持“公开是常态、不公开是例外”，对照年度要点逐条分解任务{a}项，按季通报进度，年底已办结{b}项，其余按计划推进，"
    "第三方测评得分{p}.{a}分。",
)
_ACTIVE = (
    "（一）主动公开。全年通过门户网站发布信息{big}条，比上年增加{a}条；其中财政预决算{a}条，民生实事进展{b}条，行政执法结果{c}条。"
    "政策文件与解读材料同步起草、同步报批、同步发布，共发布解读{b}件。",
    "（一）主动公开情况。调整公开事项标准目录{a}项，新增“老旧小区加装电梯”“农村饮水”两类事项。全年发布各类信息{big}条，"
    "政务新媒体推送{c}篇，回应热点{b}次。",
)
_REQUESTS = (
    "（二）依申请公开。全年收到政府信息公开申请{new}件，上年结转{carried_in}件；予以公开{granted}件，部分公开{partly}件，"
    "结转下年度继续办理{carried_out}件。所有答复均在法定期限内作出。"
)
_KEEPING = (
    "（三）政府信息管理。对{prior}年以前制发的规范性文件开展清理，逐件标注有效性，确认继续有效{c}件、失效{b}件；"
    "发布前须经起草科室、保密专员、分管负责人三级审核，全年退回修改{a}件。"
)
_PLATFORM = (
    "（四）平台建设。完成网站适老化改造，增设大字版和语音朗读；合并访问量低的栏目{b}个，修正错链{c}处。"
    "在{county}图书馆、档案馆和{a}个村（社区）设立查阅点，配备自助终端。"
)
_CARE = (
    "（五）监督保障。举办培训{b}期，{c}人次参加；把公开工作列入年度考核，占分值{b}%。"
    "全年没有发生因公开不当引发的责任追究。"
)
_PROBLEMS = (
    "一年来的工作仍有不足：一是个别单位对公开时限把握不严，有{b}条信息晚于规定时间发布；二是解读形式较为单一，"
    "图表、短视频占比不到{a}%；三是基层公开队伍变动较快，业务不够熟练。",
    "对照群众期盼，还存在三方面问题：栏目更新不均衡，{b}个栏目全年更新不足{a}次；答复文书说理不够充分；村务公开与政务公开衔接不紧。",
)
_REMEDIES = (
    "下一步，{short}将逐项整改：建立发布时限提醒，到期前{b}日自动通知责任人；每件重要文件至少配一种可视化解读；"
    "分片轮训基层工作人员，每半年抽查一次卷宗。",
    "针对上述问题，{short}将实行栏目责任制，按月通报；编印答复文书范本{a}份；把村（社区）公开栏纳入统一目录，{next}年上半年完成。",
)
_FEES = (
    "{short}依照《政府信息公开信息处理费管理办法》执行收费规定，{year}年发出收费通知{fee}件，总金额{fee}00元，实际收取{fee}00元。",
    "{year}年没有收取信息处理费。本年度没有其他需要报告的事项。",
)
_OLD = (
    "一、概述",
    "{year}年，{short}按照上级部署，健全组织机构，明确由办公室牵头，配备专（兼）职人员{b}名，为公开工作提供了保障。",
    "二、主动公开政府信息的情况",
    "{year}年共主动公开政府信息{big}条，全文电子化率为100%。其中机构职能类{a}条，业务动态类{c}条，规划计划类{b}条。",
    "三、依申请公开政府信息办理情况",
    "{year}年收到申请{a}件，其中当面提交{b}件，网上提交的由系统自动登记；均已按期答复，未收取检索、复制费用。",
    "四、复议和诉讼情况",
    "{year}年未发生因政府信息公开引起的行政复议、行政诉讼，也没有收到有关申诉。",
    "五、存在的主要问题和改进措施",
    "公开内容与群众需求仍有差距，部分信息更新不够及时。今后将加强业务培训，完善{county}{b}项配套制度，提高公开质量。",
)
_CAPTION = "图 {year}年主动公开信息分类占比"
_DOCUMENT = (
    "{organ}{year}年政府信息公开工作附表",
    "说明：本附表与报告正文一并公布，数据口径一致。",
    "政务新媒体账号{b}个，全年发布{c}篇。",
    "政府公报出版{a}期，赠阅点{c}处。",
)


class Picture(NamedTuple):
    """A picture in the body: what it shows (bars of these heights), and how its file is saved."""

    name: str
    caption: str
    bars: tuple[int, ...]
    saved: int = 0
    """Other number, other bytes of the same pixels."""


class Document(NamedTuple):
    """A linked document: its file's name, what the link says, its text, and a number that changes only its bytes."""

    file: str
    label: str
    lines: tuple[str, ...]
    saved: int = 0


@dataclass(frozen=True)
class Paper:
    """A report as its author wrote it. `paragraphs` holds `TABLES` and `PICTURE` where those stand."""

    organ: str
    year: int
    title: str
    source: str
    published_on: str
    paragraphs: tuple[str, ...]
    form: FormYear | None = None
    figures: Figures = field(default_factory=dict)
    documents: tuple[Document, ...] = ()
    pictures: tuple[Picture, ...] = ()
    annex: tuple[tuple[str, ...], ...] = ()
    """A table of the organ's own, row by row."""

    def table(self, marker: str) -> Grid:
        """The table that a paragraph of `TABLES` stands for."""
        if self.form is None:
            raise ValueError(f"{self.title} has no tables")
        two, three, _ = TABLES
        if marker == two:
            return table_two(self.form, self.figures)
        return table_three(self.form, self.figures) if marker == three else table_four(self.figures)

    def prose(self) -> tuple[str, ...]:
        """Its paragraphs without markers of tables and pictures."""
        return tuple(line for line in self.paragraphs if not line.startswith("\x02"))

    def replaced(self, old: str, new: str) -> "Paper":
        """With the first `old` of the paragraphs replaced. Raises ValueError if no paragraph has it."""
        lines = list(self.paragraphs)
        for index, line in enumerate(lines):
            if old in line and not line.startswith("\x02"):
                lines[index] = line.replace(old, new, 1)
                return replace(self, paragraphs=tuple(lines))
        raise ValueError(f"{self.title} does not say {old!r}")


def short_name(organ: str) -> str:
    """What a report calls its own organ after the first line: 云溪县人民政府 → 云溪县, 云溪县财政局 → 县财政局."""
    if organ.endswith("人民政府"):
        return organ.removesuffix("人民政府")
    county = county_of(organ)
    return (county[-1:] + organ.removeprefix(county)) if county else organ


def county_of(organ: str) -> str:
    """The county, district or city an organ's name begins with; empty if it names none."""
    for index, char in enumerate(organ[:6]):
        if index >= 2 and char in "县区市":
            return organ[: index + 1]
    return ""


def write_paper(
    organ: str,
    year: int,
    *,
    seed: int = 7,
    size: int = 3,
    title: str = "",
    published_on: str = "",
    extras: Extras = "none",
) -> Paper:
    """`organ`'s report for `year`. Up to 2018 it has the old chapters and no tables of the form."""
    dice = Dice("prose", seed, organ, year)
    form = form_of(year) if year >= 2019 else None
    figures = make_figures(seed, organ, year, size, form) if form else {}
    words = _words(dice, organ, year, figures)
    documents: tuple[Document, ...] = ()
    pictures: tuple[Picture, ...] = ()
    lines = list(_OLD if form is None else _modern(dice, year))
    if extras in ("document", "both"):
        text = tuple(line.format(**words) for line in _DOCUMENT)
        kind = ("pdf", "docx")[year % 2]
        documents = (Document(f"P{year + 1}0128{dice.between(10**8, 10**9)}.{kind}", f"附件：{text[0]}.{kind}", text),)
    if extras in ("picture", "both"):
        bars = tuple(dice.between(10, 100) for _ in range(6))
        pictures = (Picture(f"W{year + 1}0128{dice.between(10**8, 10**9)}.png", _CAPTION.format(**words), bars),)
        lines.insert(4, PICTURE + "0")
    return Paper(
        organ=organ,
        year=year,
        title=title or _TITLES[0].format(**words),
        source=organ,
        published_on=published_on or f"{year + 1}-01-{dice.between(10, 30)}",
        paragraphs=tuple(line if line.startswith("\x02") else line.format(**words) for line in lines),
        form=form,
        figures=figures,
        documents=documents,
        pictures=pictures,
    )


def title_of(organ: str, year: int, style: int) -> str:
    """One of the usual wordings of a report's title."""
    return _TITLES[style % len(_TITLES)].format(organ=organ, year=year)


def _modern(dice: Dice, year: int) -> list[str]:
    def one(choices: tuple[str, ...]) -> str:
        return choices[dice.below(len(choices))]

    fees = _FEES[1] if year < 2021 else one(_FEES)
    body = ["一、总体情况", one(_SUMMARY), one(_ACTIVE), _REQUESTS, _KEEPING, _PLATFORM, _CARE]
    body += ["二、主动公开政府信息情况", TABLES[0], "三、收到和处理政府信息公开申请情况", TABLES[1]]
    body += ["四、因政府信息公开工作被申请行政复议、提起行政诉讼情况", TABLES[2]]
    body += ["五、存在的主要问题及改进情况", one(_PROBLEMS), one(_REMEDIES), "六、其他需要报告的事项", fees]
    return [_OPENING, *body]


def _words(dice: Dice, organ: str, year: int, figures: Figures) -> dict[str, object]:
    counted = {"new": "new", "carried_in": "carried_in", "granted": "granted"}
    counted |= {"partly": "partly_granted", "carried_out": "carried_out"}
    numbers = {word: figures.get(f"requests.{code}.total", 0) for word, code in counted.items()}
    sizes = {"a": dice.between(11, 49), "b": dice.between(2, 9), "c": dice.between(52, 480), "p": dice.between(88, 98)}
    fee = figures.get("requests.other.fee_unpaid.total", 0)
    names = {
        "organ": organ,
        "short": short_name(organ),
        "county": county_of(organ) or "云溪县",
        "n": dice.between(10, 99),
    }
    years = {"year": year, "prior": year - 1, "next": year + 1}
    return {**numbers, **sizes, **names, **years, "big": dice.between(1200, 9800), "fee": fee}

"""What counts as the same, on whole pages: bytes → reader → fingerprints, and the diff that is shown of two of them.

Every example is a random report of several chapters and tables, drawn as a random page (tests/unit/canonical_pages.py).
With Hypothesis's shrinking a failure names the fewest kinds of noise that still make it.
More of them, and others each time: `NIANBAO_SOAK=20 python -m pytest tests/unit/test_canonical_pages.py`.
"""

import random
from dataclasses import replace
from functools import cache

import opencc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.canonical import significance
from monitor.diff import Document, diff
from monitor.diff_render import most_telling, summary
from tests.unit.canonical_changes import CONTENT, COSMETIC, each_text
from tests.unit.canonical_pages import ENCODINGS, NOISE, STYLES, TEMPLATES, Draft, Look, Seen, Writer, seen
from tests.unit.soak import PLAYED, examples

SEEDS = st.integers(0, 2**32 - 1)
PLAIN = st.builds(
    Look,
    template=st.integers(0, len(TEMPLATES) - 1),
    redesigned=st.booleans(),
    style=st.sampled_from(STYLES),
    seed=SEEDS,
)
CONVERTERS = ("s2t", "s2tw", "s2twp", "s2hk", "s2hkp")


@st.composite
def looks(draw: st.DrawFn, most: int = 5) -> Look:
    charset, label, header = draw(st.sampled_from(ENCODINGS))
    noise = draw(st.lists(st.sampled_from(NOISE), max_size=most, unique=True))
    return replace(draw(PLAIN), noise=tuple(noise), charset=charset, label=label, header=header)


def document(page: Seen) -> Document:
    report = page.report
    return Document(report.title, report.organ, report.source, report.published_on, report.text, page.states)


def differs(old: Seen, new: Seen) -> str:
    """How much, and that the diff agrees with it."""
    PLAYED["pairs of pages"] += 1
    judged = significance(old.prints, new.prints)
    assert judged == significance(new.prints, old.prints)
    change = diff(document(old), document(new))
    assert change.empty == (judged != "content"), change
    if judged == "content":
        assert summary(change)
        assert most_telling(change)
    return judged


@examples(150)
@given(seed=SEEDS, first=PLAIN, second=looks())
def test_each_none_row_leaves_both_hashes(seed: int, first: Look, second: Look) -> None:
    draft = Writer(seed).report()
    old, new = seen(draft, first), seen(draft, second)
    assert new.prints == old.prints
    assert differs(old, new) == "none"


@pytest.mark.parametrize("noise", NOISE)
def test_each_kind_of_noise_alone(noise: str) -> None:
    for seed in range(4):
        draft = Writer(seed).report()
        look = Look(template=seed, style=STYLES[seed], seed=seed)
        assert seen(draft, replace(look, noise=(noise,), seed=seed + 1)).prints == seen(draft, look).prints, seed


@pytest.mark.parametrize("encoding", ENCODINGS, ids=" ".join)
def test_each_encoding_alone(encoding: tuple[str, str, str]) -> None:
    draft = Writer(3).report()
    look = Look(seed=3)
    changed = replace(look, charset=encoding[0], label=encoding[1], header=encoding[2])
    assert seen(draft, changed).prints == seen(draft, look).prints


@pytest.mark.parametrize("template", range(len(TEMPLATES)))
@pytest.mark.parametrize("style", STYLES)
def test_each_template_alone(template: int, style: str) -> None:
    draft = Writer(template).report()
    for redesigned in (False, True):
        look = Look(template=template, style=style, redesigned=redesigned)
        assert seen(draft, look).prints == seen(draft).prints


@examples(120)
@given(
    seed=SEEDS,
    kinds=st.lists(st.sampled_from(sorted(COSMETIC)), min_size=1, max_size=4, unique=True),
    first=PLAIN,
    second=looks(3),
)
def test_each_cosmetic_row_leaves_the_content_hash(seed: int, kinds: list[str], first: Look, second: Look) -> None:
    draft = Writer(seed).report()
    changed = cosmetic(draft, kinds, seed)
    old, new = seen(draft, first), seen(changed, second)
    assert new.prints.content_hash == old.prints.content_hash
    assert new.prints.strict_hash == old.prints.strict_hash
    assert (new.prints.text_hash == old.prints.text_hash) == (changed == draft)
    assert differs(old, new) == ("none" if changed == draft else "cosmetic")


@examples(120)
@given(
    seed=SEEDS,
    converter=st.sampled_from(CONVERTERS),
    kinds=st.lists(st.sampled_from(sorted(COSMETIC)), max_size=2, unique=True),
    first=PLAIN,
    second=looks(3),
)
def test_a_conversion_to_traditional_is_cosmetic(
    seed: int, converter: str, kinds: list[str], first: Look, second: Look
) -> None:
    draft = Writer(seed).report()
    view = converted(cosmetic(draft, kinds, seed), converter)
    old, new = seen(draft, first), seen(view, second)
    assert (old.prints.script, new.prints.script) == ("simplified", "traditional")
    assert new.prints.content_hash == old.prints.content_hash
    assert differs(old, new) == "cosmetic"


@examples(60)
@given(seed=SEEDS, one=st.sampled_from(CONVERTERS), other=st.sampled_from(CONVERTERS), second=looks(3))
def test_two_conversions_are_one(seed: int, one: str, other: str, second: Look) -> None:
    draft = Writer(seed).report()
    old, new = seen(converted(draft, one)), seen(converted(draft, other), second)
    assert new.prints.strict_hash == old.prints.strict_hash
    assert differs(old, new) in ("none", "cosmetic")


@examples(400)
@given(seed=SEEDS, kind=st.sampled_from(sorted(CONTENT)), first=PLAIN, second=looks(3))
def test_any_change_of_what_is_said_is_content(seed: int, kind: str, first: Look, second: Look) -> None:
    draft = Writer(seed).report()
    changed = CONTENT[kind](draft, random.Random(seed))
    if changed is None or changed == draft:
        return
    PLAYED[f"edits: {kind}"] += 1
    old, new = seen(draft, first), seen(changed, second)
    assert differs(old, new) == "content"
    assert new.prints.strict_hash != old.prints.strict_hash


@examples(100)
@given(
    seed=SEEDS,
    kind=st.sampled_from(sorted(CONTENT)),
    converter=st.sampled_from(("s2t", "s2twp", "s2hk")),
    second=looks(3),
)
def test_a_conversion_hides_no_number(seed: int, kind: str, converter: str, second: Look) -> None:
    """Between scripts, and between two Traditional captures, what is no matter of script is content as ever."""
    draft = Writer(seed).report()
    changed = CONTENT["shifted" if kind in ("title", "source", "paragraph", "cell") else kind](
        draft, random.Random(seed)
    )
    if changed is None or changed == draft:
        return
    view = seen(converted(changed, converter), second)
    for old in (draft, converted(draft, converter)):
        assert differs(seen(old), view) == "content"


STATISTICS = (
    "审核：退回修改{n}件",
    "位置：市政府{n}号楼大厅",
    "转载{n}次",
    "微信关注人数：{n}人",
    "浏览量：{n}次",
    "共有{n}人次参与",
    "录入：{n}条",
    "搜索量：{n}次",
    "编辑：张三、李四等{n}人",
)


@pytest.mark.parametrize("line", STATISTICS)
def test_a_line_within_the_report_counts_though_it_looks_like_the_pages_own(line: str) -> None:
    draft = Writer(5).report()
    place = list(draft.blocks).index("三、收到和处理政府信息公开申请情况")

    def saying(number: int) -> Draft:
        return replace(draft, blocks=(*draft.blocks[:place], line.format(n=number), *draft.blocks[place:]))

    for template in range(len(TEMPLATES)):
        look = Look(template=template)
        assert differs(seen(saying(248), look), seen(saying(284), look)) == "content"


def cosmetic(draft: Draft, kinds: list[str], seed: int) -> Draft:
    for kind in kinds:
        draft = COSMETIC[kind](draft, random.Random(seed)) or draft
    return draft


@cache
def _converter(name: str) -> opencc.OpenCC:
    return opencc.OpenCC(name)


def converted(draft: Draft, converter: str) -> Draft:
    convert = _converter(converter).convert
    view = each_text(draft, convert)
    return replace(view, files=tuple(map(convert, draft.files)))

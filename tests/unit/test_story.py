"""The demo's story: it makes its passes in order, reads its own portals only, and is not content with silence."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from monitor.channels import check
from monitor.demo.sinks import Arrived
from monitor.demo.story import PORTALS, Step, judged, shown, tell
from monitor.settings import load_settings


def console() -> Console:
    return Console(file=io.StringIO(), width=100)


def written(to: Console) -> str:
    assert isinstance(to.file, io.StringIO)
    return to.file.getvalue()


def test_the_passes_come_in_order_and_silence_is_not_enough(tmp_path: Path) -> None:
    passes: list[tuple[str, tuple[str, ...]]] = []
    screen = console()
    assert not tell(tmp_path, lambda now, names: passes.append((now, names)), screen)
    times = [now for now, _ in passes]
    assert times == sorted(set(times))
    assert {names for _, names in passes} == {PORTALS}
    assert sorted(path.stem for path in (tmp_path / "portals").iterdir()) == sorted(PORTALS)
    assert [channel.name for channel in load_settings(tmp_path, {}, check).channels] == ["office", "duty"]
    assert "应有 5 条，到了 0 条" in written(screen)


BOTH = [Arrived(by, "【年报撤下】海棠区人民政府 2021 年", "两次读取均为 [404]") for by in ("mail", "webhook")]


@pytest.mark.parametrize(
    ("told", "arrived", "good"),
    [
        ((), [], True),
        ((), BOTH, False),
        (("年报撤下",), BOTH, True),
        (("年报撤下",), BOTH[:1], False),
        (("年报撤下",), [*BOTH, *BOTH], False),
        (("年报公开",), BOTH, False),
    ],
)
def test_a_pass_must_bring_its_messages_and_no_other(told: tuple[str, ...], arrived: list[Arrived], good: bool) -> None:
    screen = console()
    assert judged(Step("2026-01-28T00:30:00Z", "", told), arrived, screen) == good
    assert ("✓" in written(screen)) == good


def test_a_message_is_shown_as_its_reader_sees_it() -> None:
    screen = console()
    screen.print(shown(BOTH))
    assert "【年报撤下】海棠区人民政府 2021 年" in written(screen)
    assert "两次读取均为 [404]" in written(screen)
    assert "邮件 · Webhook" in written(screen)

"""Each test that docs/lifecycle.md names exists, and each case of the tables is named there."""

import ast
import importlib
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "lifecycle.md").read_text(encoding="utf-8")
APPENDIX = PAGE.partition("## Which test proves it")[2]
NAMED = sorted(set(re.findall(r"`(test_\w+\.py(?:::\w+|\[[^`\n]+\]))`", APPENDIX)))


@cache
def files(name: str) -> tuple[Path, ...]:
    """Test files of that name."""
    return tuple(sorted((ROOT / "tests").rglob(name)))


@cache
def functions(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@cache
def cases(path: Path) -> frozenset[str]:
    """Names of the cases that a file's rows are tested with."""
    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    return frozenset(next(names for key in ("CASES", "FILES", "NAMES") if (names := getattr(module, key, None))))


@pytest.mark.parametrize("named", NAMED)
def test_a_named_test_exists(named: str) -> None:
    file, function, case = re.fullmatch(r"(test_\w+\.py)(?:::(\w+)|\[(.+)\])", named).groups()  # type: ignore[union-attr]
    assert files(file), f"there is no {file}"
    if function:
        assert any(function in functions(path) for path in files(file))
    else:
        assert any(one == case or one.startswith(f"{case}: ") for path in files(file) for one in cases(path))


@pytest.mark.parametrize(
    "file", sorted(path.name for path in Path(__file__).parent.glob("test_*.py") if path.name != "test_named.py")
)
def test_each_test_of_the_law_is_named(file: str) -> None:
    (path,) = [one for one in files(file) if one.parent.name == "law"]
    named = set(re.findall(rf"`{re.escape(file)}::(\w+)`", APPENDIX))
    groups = set(re.findall(rf"`{re.escape(file)}\[([^`]+)\]`", APPENDIX))
    tests = {name for name in functions(path) if name.startswith("test_")} - {"test_row"}
    if "test_row" in functions(path):
        assert {one.partition(": ")[0] for one in cases(path)} <= {one.partition(": ")[0] for one in groups}
    assert tests - named == set()


def test_every_rule_is_there() -> None:
    rules = set(re.findall(r"(?m)^(\d+)\. \*\*", PAGE))
    assert len(rules) == 14
    assert rules == set(re.findall(r"(?m)^\| (\d+) ", APPENDIX))

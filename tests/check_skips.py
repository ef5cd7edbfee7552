"""Fails on a skipped test that tests/allowed_skips.toml does not allow. Usage: check_skips.py junit.xml"""

import fnmatch
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

ALLOWED = Path(__file__).with_name("allowed_skips.toml")


def main(report: str) -> int:
    allowed = tomllib.loads(ALLOWED.read_text(encoding="utf-8")).get("skip", [])
    skipped, refused = 0, 0
    for case in ElementTree.parse(report).iter("testcase"):
        skip = case.find("skipped")
        if skip is None:
            continue
        skipped += 1
        name, why = f"{case.get('classname')}.{case.get('name')}", skip.get("message") or ""
        if not any(fnmatch.fnmatch(name, one["test"]) and one["message"] in why for one in allowed):
            refused += 1
            print(f"skipped without leave: {name}: {why}")
    print(f"{skipped} tests were skipped, {refused} of them without leave")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

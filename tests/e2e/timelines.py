"""Random timelines over the scripted portals (tests/timelines): prints the seed first, then what was expected and said by kind.

    python tests/e2e/timelines.py [SEED …] [--count N] [--passes N] [--minutes N] [--portals NAME …] [--without ACT …] [--json FILE]

Exits 1 if anything was missed or false.
"""

import sys
from pathlib import Path

ROOT = str(Path(__file__).resolve().parents[2])
if sys.path[:1] != [ROOT]:
    sys.path.insert(0, ROOT)  # a package of the environment is called `tests` too

from tests.timelines.__main__ import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())

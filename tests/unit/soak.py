"""How many examples Hypothesis plays: few and always the same with the other tests; many, and others each time, with
`NIANBAO_SOAK=N`, which multiplies their number and tells in the end what was played.
"""

import atexit
import os
from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings

TIMES = int(os.environ.get("NIANBAO_SOAK", "0"))
PLAYED: Counter[str] = Counter()
"""What tests say that they played: examples, passes, events by kind."""

if TIMES:
    atexit.register(lambda: print("\nplayed:", ", ".join(f"{number} {what}" for what, number in PLAYED.most_common())))


def examples(ci: int) -> Callable[[Any], Any]:
    """Settings of a test that plays `ci` examples with the others, and `ci` times NIANBAO_SOAK in a soak."""
    return settings(
        max_examples=ci * max(TIMES, 1),
        derandomize=not TIMES,
        database=None,
        deadline=None,
        print_blob=True,
        report_multiple_bugs=False,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
    )

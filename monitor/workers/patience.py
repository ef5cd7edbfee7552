"""What to do about a pass that was given out: wait, send it again, give it up. Pure.

In: what was seen of it, what the register says now, and for how long the register has answered (`now`; a register that is gone is
nobody's fault but its own). Out: one step.
"""

from typing import Literal

import msgspec

from monitor.workers.register import Held

AGAIN = 300.0
"""Seconds after which a pass that nobody has claimed is sent again: the broker may have lost it. A second message is harmless."""
MARGIN = 5.0
"""Seconds that a claim may seem to last longer than it does."""
HANDED = 60.0
"""Seconds that what was handed over may be missing."""

Step = Literal["wait", "send", "hear", "take", "give up", "withdraw", "stop", "never"]
"""`send` it; `hear` a sign of life, and `stop` it too; `take` what was handed over; try to `give up` whoever had it, or to
`withdraw` it from whoever may come; it is `never` made."""


class Watched(msgspec.Struct):
    """What was seen of a pass. Times are seconds of the register's answers."""

    sent: float | None = None
    """When it was sent last; None: not yet."""
    heard: float = 0.0
    """When it gave its last sign of life."""
    beat: tuple[str, int] = ("", 0)
    """That sign: worker and number."""
    claimed: bool = False
    """Somebody has begun it."""
    stop: str = ""
    """Why it is to end early."""
    inherited: bool = False
    """An earlier process of the home sent it: what nobody has begun is better sent anew, with what is known today."""

    def due(self, now: float) -> bool:
        """It is to be sent: nobody has it."""
        return not self.claimed and not self.stop and (self.sent is None or now - self.sent > AGAIN)

    def step(self, held: Held | None, now: float, lost: float) -> Step:
        """What to do; `lost`: seconds without a sign of life after which a worker is lost."""
        if held is None:
            if self.claimed:
                return "give up" if now - self.heard > lost + MARGIN else "wait"
            return "withdraw" if self.stop or self.inherited else "wait"
        if held.state == "made":
            return "take"
        if held.state != "claimed":
            return "never"
        return "stop" if self.stop else "hear"

    def hear(self, held: Held, now: float) -> bool:
        """Takes notice of a claim; whether it has given a new sign of life."""
        self.claimed = True
        beat = (held.worker, held.beat.number if held.beat else 0)
        if beat == self.beat:
            return False
        self.beat, self.heard = beat, now
        return True

    def missing(self, now: float) -> bool:
        """What was handed over is not there, and has been waited for long enough."""
        if not self.claimed:  # it was claimed and made between two looks
            self.claimed, self.heard = True, now
        return now - self.heard > HANDED

"""What is done about a pass that was given out, whatever broker, register and workers do."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.workers.patience import AGAIN, HANDED, MARGIN, Watched
from monitor.workers.register import Held
from monitor.workers.wire import Beat

LOST = 60.0


def claim(number: int, worker: str = "w1") -> Held:
    return Held("claimed", worker, Beat(worker, number))


def test_a_pass_is_sent_once_and_again_only_if_nobody_claims_it() -> None:
    one = Watched()
    assert one.due(0.0)
    one.sent = 0.0
    assert not one.due(AGAIN)
    assert one.due(AGAIN + 1)
    one.hear(claim(1), AGAIN)
    assert not one.due(10 * AGAIN)


def test_what_waits_in_a_queue_is_nobodys_fault_however_long_it_waits() -> None:
    one = Watched(sent=0.0)
    assert one.step(None, 100_000.0, LOST) == "wait"


def test_whoever_gives_no_sign_of_life_is_given_up_once_the_claim_has_run_out() -> None:
    one = Watched(sent=0.0)
    assert one.hear(claim(1), 10.0)
    assert not one.hear(claim(1), 60.0), "the same sign is none"
    assert one.step(claim(1), 10.0 + 5 * LOST, LOST) == "hear", "its claim stands"
    assert one.step(None, 10.0 + LOST + MARGIN, LOST) == "wait"
    assert one.step(None, 11.0 + LOST + MARGIN, LOST) == "give up"


def test_a_register_that_forgot_a_claim_is_told_of_it_in_time() -> None:
    one = Watched(sent=0.0)
    one.hear(claim(4), 10.0)
    assert one.step(None, 12.0, LOST) == "wait"
    assert one.hear(claim(5), 15.0)
    assert one.step(None, 15.0 + LOST, LOST) == "wait"


def test_what_another_worker_says_is_a_sign_of_life() -> None:
    one = Watched(sent=0.0)
    one.hear(claim(7, "w1"), 10.0)
    assert one.hear(claim(7, "w2"), 20.0)


def test_a_pass_that_is_to_end_is_stopped_or_called_off() -> None:
    assert Watched(sent=0.0, stop="stopped").step(None, 1.0, LOST) == "withdraw"
    assert Watched(stop="stopped").step(None, 1.0, LOST) == "withdraw"
    assert not Watched(stop="stopped").due(1.0)
    assert Watched(sent=0.0, stop="stopped").step(claim(1), 1.0, LOST) == "stop"
    assert Watched(sent=0.0, stop="stopped").step(Held("made", "w1"), 1.0, LOST) == "take", "it has ended by itself"


def test_of_what_an_earlier_service_sent_only_what_has_begun_goes_on() -> None:
    assert Watched(sent=0.0, inherited=True).step(None, 1.0, LOST) == "withdraw"
    one = Watched(sent=0.0, inherited=True)
    assert one.step(claim(3), 1.0, LOST) == "hear"
    one.hear(claim(3), 1.0)
    assert one.step(None, 2.0, LOST) == "wait"
    assert Watched(sent=0.0, inherited=True).step(Held("made", "w1"), 1.0, LOST) == "take"


def test_what_somebody_else_took_back_is_never_made() -> None:
    for state in ("withdrawn", "lost"):
        assert Watched(sent=0.0).step(Held(state), 1.0, LOST) == "never"


def test_what_was_handed_over_and_is_not_there_is_waited_for() -> None:
    one = Watched(sent=0.0)
    assert not one.missing(100.0)
    assert not one.missing(100.0 + HANDED)
    assert one.missing(101.0 + HANDED)


@given(st.lists(st.tuples(st.floats(0, 40), st.booleans()), min_size=1, max_size=60))
def test_nobody_who_speaks_within_the_time_is_given_up(story: list[tuple[float, bool]]) -> None:
    """Signs of life that come at most 40 s apart, seen or forgotten by the register in between."""
    one, now = Watched(sent=0.0), 0.0
    for number, (pause, forgotten) in enumerate(story, 1):
        now += pause
        assert one.step(None, now, LOST) == "wait"
        one.hear(claim(number), now)
        assert one.step(None if forgotten else claim(number), now, LOST) in ("wait", "hear")

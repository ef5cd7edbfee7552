"""A worker that nothing reaches any more."""

import pytest

from monitor.workers.deafness import PATIENCE, Deafness


def test_passes_that_wait_in_vain_for_long_tell() -> None:
    one = Deafness()
    assert not one.look(taken=3, waiting=1, room=True, now=0)
    assert not one.look(taken=3, waiting=1, room=True, now=10)
    assert not one.look(taken=3, waiting=2, room=True, now=9 + PATIENCE)
    assert one.look(taken=3, waiting=2, room=True, now=10 + PATIENCE)


@pytest.mark.parametrize(("taken", "waiting", "room"), [(4, 1, True), (3, 0, True), (3, 1, False)])
def test_whoever_takes_has_nothing_to_take_or_no_room_is_not_deaf(taken: int, waiting: int, room: bool) -> None:
    one = Deafness()
    one.look(taken=3, waiting=1, room=True, now=0)
    one.look(taken=3, waiting=1, room=True, now=10)
    assert not one.look(taken=taken, waiting=waiting, room=room, now=20 + PATIENCE)
    assert not one.look(taken=taken, waiting=1, room=True, now=30 + PATIENCE), "its patience begins anew"

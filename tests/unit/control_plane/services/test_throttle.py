"""Throttling of guesses."""

import pytest

from control_plane.domain.errors import TooMany
from control_plane.services.people.throttle import Rate, Throttle, address_key
from tests.fakes.clock import FakeClock


async def test_a_bucket_empties_says_how_long_and_fills_again():
    clock = FakeClock()
    throttle = Throttle(Rate(burst=2, every_sec=10), clock)
    throttle.take("a")
    throttle.take("a")
    with pytest.raises(TooMany) as refused:
        throttle.take("a")
    assert refused.value.detail["retry_after"] == 10
    throttle.take("b")
    await clock.advance(10)
    throttle.take("a")
    with pytest.raises(TooMany):
        throttle.take("a")


def test_good_attempts_do_not_count_and_memory_is_bounded():
    throttle = Throttle(Rate(burst=1, every_sec=10), FakeClock(), max_keys=3)
    for _ in range(5):
        with throttle.attempt("a"):
            pass
    for number in range(10):
        throttle.take(str(number))
    assert len(throttle) == 3


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", False),
        ("no address", "no address", True),
    ],
)
def test_one_customer_is_one_key(one: str, other: str, same: bool):
    assert (address_key(one) == address_key(other)) is same

"""Delays double, health is forgiven, and crashes without health come to an end."""

from sandbox_image.agent.language.restart_policy import RestartPolicy


def test_delays_double_up_to_thirty_seconds():
    policy = RestartPolicy(10, 60)
    assert [policy.crashed(1) for _ in range(6)] == [2, 4, 8, 16, 30, 30]


def test_the_fifth_crash_without_a_healthy_minute_is_the_last_however_far_apart():
    policy = RestartPolicy(5, 60)
    assert [policy.crashed(59.9) for _ in range(5)] == [2, 4, 8, 16, None]
    assert policy.crashes(0) == 5


def test_a_healthy_minute_and_a_manual_restart_count_anew():
    policy = RestartPolicy(3, 60)
    assert [policy.crashed(0), policy.crashed(0)] == [2, 4]
    assert policy.crashes(60) == 0
    assert policy.crashed(60) == 2
    policy.crashed(0)
    policy.forgive()
    assert policy.crashed(0) == 2

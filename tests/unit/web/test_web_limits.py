from web.limits import NETWORK_FACTOR, ROOM, Limits


class Seconds:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_so_many_a_minute_and_then_one_as_it_fills() -> None:
    clock = Seconds()
    limits = Limits(20, clock)

    assert [limits.wait("anna", "10.0.0.1") for _ in range(20)] == [0] * 20
    assert limits.wait("anna", "10.0.0.1") == 3
    clock.now += 3
    assert limits.wait("anna", "10.0.0.1") == 0
    assert limits.wait("anna", "10.0.0.1") == 3


def test_one_person_does_not_use_up_another_ones_messages() -> None:
    limits = Limits(1, Seconds())

    assert limits.wait("anna", "10.0.0.1") == 0
    assert limits.wait("ben", "10.0.0.1") == 0
    assert limits.wait("anna", "10.0.0.1") == 60


def test_a_network_has_a_limit_too() -> None:
    limits = Limits(2, Seconds())
    sent = [limits.wait(f"visitor {number}", "10.0.0.1") for number in range(2 * NETWORK_FACTOR + 1)]

    assert sent == [0] * (2 * NETWORK_FACTOR) + [3]
    assert limits.wait("somebody elsewhere", "10.0.0.2") == 0


def test_what_is_refused_takes_nothing() -> None:
    clock = Seconds()
    limits = Limits(1, clock)
    limits.wait("anna", "10.0.0.1")
    for _ in range(50):
        assert limits.wait("anna", "10.0.0.1") == 60

    clock.now += 60
    assert limits.wait("anna", "10.0.0.1") == 0


def test_those_long_gone_are_forgotten() -> None:
    clock = Seconds()
    limits = Limits(20, clock)
    for number in range(ROOM):
        limits.wait(f"visitor {number}", "10.0.0.1")
    clock.now += 61
    limits.wait("anna", "10.0.0.2")
    limits.wait("anna", "10.0.0.2")

    assert len(limits._buckets) == 2

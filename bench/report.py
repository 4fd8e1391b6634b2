"""What was measured, as lines for people; and which aims are met."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.load import Speed

FASTER = 2.5
QUICK_ANSWER = 20.0  # milliseconds
STEADY = 1.2


@dataclass(slots=True)
class Measured:
    """Everything of one run. Speeds by number of clients, then by side; growth and memory by side or process."""

    training: Mapping[str, float | None] = field(default_factory=dict)
    speeds: dict[int, dict[str, Speed]] = field(default_factory=dict)
    memory: dict[str, float | None] = field(default_factory=dict)
    growth: dict[str, tuple[int, float]] = field(default_factory=dict)
    full: float | None = None


@dataclass(frozen=True, slots=True)
class Aim:
    name: str
    value: float
    wanted: float
    at_least: bool

    @property
    def met(self) -> bool:
        return self.value >= self.wanted if self.at_least else self.value <= self.wanted


def lines(measured: Measured) -> list[str]:
    return [
        *speeds(measured.speeds),
        "",
        *(f"training, {name}: {_or_unknown(seconds, 's')}" for name, seconds in measured.training.items()),
        *(f"memory, {name}: {_or_unknown(megabytes, 'MB')}" for name, megabytes in measured.memory.items()),
        *(f"turn {turn} / turn 5, {name}: {ratio:.2f}" for name, (turn, ratio) in measured.growth.items()),
        "",
        *(told(aim) for aim in aims(measured)),
    ]


def aims(measured: Measured) -> list[Aim]:
    found = []
    for clients, sides in measured.speeds.items():
        ratio = sides["ours"].per_second / sides["bare"].per_second
        found.append(Aim(f"turns a second, ours / bare, {clients} client(s)", ratio, FASTER, at_least=True))
    if 1 in measured.speeds:
        p50 = measured.speeds[1]["ours"].p50
        found.append(Aim("p50 of ours at 1 client, ms", p50, QUICK_ANSWER, at_least=False))
    if "ours" in measured.growth:
        turn, ratio = measured.growth["ours"]
        found.append(Aim(f"turn {turn} / turn 5, ours", ratio, STEADY, at_least=False))
    if measured.full is not None:
        found.append(Aim("a million messages / empty, ours", measured.full, STEADY, at_least=False))
    return found


def told(aim: Aim) -> str:
    return (
        f"{'met   ' if aim.met else 'MISSED'}  {aim.name}: {aim.value:.2f} "
        f"({'at least' if aim.at_least else 'at most'} {aim.wanted:g})"
    )


def speeds(measured: Mapping[int, Mapping[str, Speed]]) -> Sequence[str]:
    told = [f"{'clients':>7}  {'side':12}{'turns/s':>9}{'p50 ms':>9}{'p95 ms':>9}{'p50 of questions':>18}"]
    for clients, sides in measured.items():
        for name, speed in sides.items():
            figures = f"{speed.per_second:>9.1f}{speed.p50:>9.1f}{speed.p95:>9.1f}{speed.question:>18.1f}"
            told.append(f"{clients:>7}  {name:12}{figures}")
    return told


def _or_unknown(value: float | None, unit: str) -> str:
    return "not measured" if value is None else f"{value:.0f} {unit}"

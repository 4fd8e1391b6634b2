"""How much one visitor, and one network address, may send. Each web process counts for itself."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

NETWORK_FACTOR = 10  # many people share the address of a hospital, a farm or a dormitory
ROOM = 20_000  # remembered buckets before the full ones are forgotten


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


class Limits:
    """A token bucket for each visitor and each network address, filled evenly through the minute."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def wait(self, visitor: str, network: str) -> int:
        """0 and one token taken from both; or the whole seconds to wait, with nothing taken."""
        now = self._clock()
        if len(self._buckets) > ROOM:
            self._forget_full(now)
        both = {f"visitor {visitor}": self._per_minute, f"network {network}": self._per_minute * NETWORK_FACTOR}
        buckets = [(self._filled(key, capacity, now), capacity) for key, capacity in both.items()]
        seconds = max((1 - bucket.tokens) * 60 / capacity for bucket, capacity in buckets)
        if seconds > 0:
            return math.ceil(seconds)
        for bucket, _ in buckets:
            bucket.tokens -= 1
        return 0

    def _filled(self, key: str, capacity: int, now: float) -> _Bucket:
        bucket = self._buckets.setdefault(key, _Bucket(capacity, now))
        bucket.tokens = min(capacity, bucket.tokens + (now - bucket.filled_at) * capacity / 60)
        bucket.filled_at = now
        return bucket

    def _forget_full(self, now: float) -> None:
        """A bucket not touched for a minute is full again, as good as none."""
        self._buckets = {key: bucket for key, bucket in self._buckets.items() if now - bucket.filled_at < 60}

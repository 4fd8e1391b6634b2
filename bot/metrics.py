"""What is counted; no label ever holds a person or a text."""

from prometheus_client import Counter, Histogram

TURNS = Counter("velkommen_turns_total", "Turns by kind of outcome", ["channel", "kind"])
TURN_SECONDS = Histogram(
    "velkommen_turn_seconds",
    "Time from taking up a turn until its replies are stored",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
)
DELIVERIES = Counter("velkommen_deliveries_total", "Replies by how they ended", ["channel", "status"])
ENGINE_FAILURES = Counter("velkommen_engine_failures_total", "Turns without a usable answer of the engine")
REMINDERS = Counter("velkommen_reminders_total", "Messages with reminders by how they ended", ["status"])

"""When a delivery that failed is tried again."""

from datetime import timedelta

# After the first, second, … failed attempt: short waits for a restart, long ones for a weekend.
WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=24),
)
MOST_ATTEMPTS = len(WAITS) + 1
# Less than the shortest wait: a worker has given up before another may try.
ATTEMPT_TIMEOUT_S = 15.0
RESEND_AFTER = timedelta(seconds=20)


def wait_after(attempts: int) -> timedelta:
    """How long to wait after this many attempts; the last one is given its time to end, too."""
    return WAITS[min(attempts, len(WAITS)) - 1]

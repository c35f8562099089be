"""How a share is said to people: one way for pages, the admin and reports. What programs read stays a number."""

import math

# In percent: shares that are kept in a byte may be so much too small, as 0.7 is then.
_BYTE_STEP = 0.2


def percent(share: float) -> str:
    """Give 93% for 0.937: rounded down, so that 100% is said of nothing less."""
    return "100%" if share >= 1 else f"{min(99, math.floor(100 * share + _BYTE_STEP))}%"

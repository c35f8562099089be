"""How fast the audit trail is written and verified."""

import time

from portal.audit.models import Action
from portal.audit.services import record, verify_chain

ENTRIES = 2000


def main() -> None:
    start = time.perf_counter()
    for number in range(ENTRIES):
        record(Action.CASE_VIEWED, actor=None, reason=f"bench {number}")
    written = time.perf_counter()
    breaks = verify_chain()
    verified = time.perf_counter()
    assert breaks == []
    print(f"  written {ENTRIES / (written - start):,.0f} entries/s, each in a transaction of its own")
    print(f"  verified {ENTRIES / (verified - written):,.0f} entries/s")

"""How fast the audit trail is written, verified and listed.

Part of `make bench`; alone, with more entries, or on a scratch database of PostgreSQL:
`DONGSEON_BENCH_ENTRIES=1000000 DATABASE_URL=postgres://… python -m tests.bench.audit`.
"""

import os
import resource
import tempfile
import time
from datetime import timedelta
from typing import Any

WRITTEN = 2000
PAGES = {
    "the list": "",
    "twentieth page": "?p=20",
    "one action": "?what=recording.added",
    "one person": "?person=7",
    "one object": "?kind=investigations.search&object=17",
    "a day long ago": "?at_from_0={day}&at_to_0={day}",
    "a search that finds nothing": "?q=zzz",
}
SHARES = {"search.viewed": 60, "case.viewed": 20, "candidate.rejected": 12, "user.logged_in": 7, "recording.added": 1}


def main() -> None:
    from portal.audit.checks import continue_check, open_check
    from portal.audit.models import Action
    from portal.audit.services import record, verify_chain

    entries = int(os.environ.get("DONGSEON_BENCH_ENTRIES", "100000"))
    start = time.perf_counter()
    for number in range(WRITTEN):
        record(Action.CASE_VIEWED, actor=None, reason=f"bench {number}", details={"sightings": [1, 2, 3]})
    print(f"  written {WRITTEN / (time.perf_counter() - start):,.0f} entries/s, each in a transaction of its own")
    fill(entries - WRITTEN)
    start = time.perf_counter()
    assert verify_chain() == []
    took = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"  verified {entries:,} entries in {took:.1f} s ({entries / took:,.0f}/s); the process took {peak} MiB at most"
    )
    open_check()
    check = continue_check()
    assert check is not None
    assert check.is_intact
    list_pages()


def fill(count: int) -> None:
    """Append entries in bulk, with right hashes, as a year of a control centre would look."""
    from django.db import connection, transaction

    from portal.audit.chain import VERSION, Entry, entry_hash
    from portal.audit.models import AuditEntry, AuditHead
    from portal.audit.shapes import written_details, written_time

    actions = [action for action, share in SHARES.items() for _number in range(share)]
    head = AuditHead.objects.get(pk=1)
    at = AuditEntry.objects.get(sequence=head.sequence).at
    names = ", ".join(Entry._fields)
    statement = f"INSERT INTO audit_auditentry ({names}) VALUES ({', '.join(['%s'] * len(Entry._fields))})"
    rows: list[list[Any]] = []
    last = head.sequence + count
    for sequence in range(head.sequence + 1, last + 1):
        at += timedelta(seconds=30)
        entry = Entry(
            version=VERSION,
            sequence=sequence,
            at=written_time(at),
            action=actions[sequence * 37 // 5 % 100],
            actor_id=sequence // 5 % 100,
            actor_name=f"김하늘 (operator{sequence // 5 % 100})",
            agency_id=sequence % 5,
            agency_name="세종시 도시통합정보센터",
            target_type="investigations.search",
            target_id=str(sequence % 5000),
            target_name=f"수색 {sequence % 5000}",
            reason="",
            details=written_details({"sightings": list(range(sequence % 12)), "score": sequence % 100 / 100}),
            address=f"10.1.2.{sequence % 250}",
            previous_hash=head.hash,
        )
        head.sequence, head.hash = sequence, entry_hash(entry)
        row: list[Any] = list(entry._replace(hash=head.hash))
        row[2] = str(at.replace(tzinfo=None)) if connection.vendor == "sqlite" else at
        rows.append(row)
        if len(rows) == 20000 or sequence == last:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.executemany(statement, rows)
            rows = []
    head.save()


def list_pages() -> None:
    from django.test import Client, override_settings

    from portal.accounts.models import Agency, User
    from portal.audit.models import AuditEntry

    agency = Agency.objects.filter(pk=1).first() or Agency.objects.create(pk=1, name="Bench", kind="centre")
    client = Client(headers={"host": "localhost"})
    client.force_login(
        User.objects.create(username="bench-supervisor", role="supervisor", agency=agency, is_staff=True)
    )
    day = f"{AuditEntry.objects.order_by('sequence')[WRITTEN * 2].at:%Y-%m-%d}"
    for name, query in PAGES.items():
        times = []
        for _number in range(4):
            start = time.perf_counter()
            with override_settings(TWO_FACTOR_ROLES=[]):
                assert client.get(f"/admin/audit/auditentry/{query.format(day=day)}").status_code == 200
            times.append((time.perf_counter() - start) * 1000)
        print(f"  {name}: {min(times[1:]):.0f} ms, the first time {times[0]:.0f} ms")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="dongseon-bench-") as folder:
        os.environ |= {"DONGSEON_VAR": folder, "DJANGO_SETTINGS_MODULE": "portal.settings"}
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        main()

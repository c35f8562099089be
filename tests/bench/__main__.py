"""`make bench`: accuracy and speed, in a scratch database. Figures are printed, not judged by exit code."""

import os
import tempfile

with tempfile.TemporaryDirectory(prefix="dongseon-bench-") as folder:
    os.environ["DONGSEON_VAR"] = folder
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    import django

    django.setup()

    from django.conf import settings
    from django.core.management import call_command

    from portal.demo.footage import FootageError, fetch_clip
    from portal.stack import Stack
    from tests.bench import accuracy, analysis, audit, map, masking, plate_reading, plates, ranking, search

    call_command("migrate", verbosity=0)
    with Stack(settings.VAR_DIR / "log") as stack:
        stack.start_redis()
        print("\nAccuracy and speed of the core")
        accuracy.main()
        print("\nRanking and odds")
        ranking.main()
        print("\nMasking")
        masking.main()
        print("\nAnalysis of a recording, features and database included")
        try:
            analysis.main(fetch_clip(print))
        except FootageError as error:
            print(f"  {error}")
        print("\nSearch")
        search.main()
        print("\nPlates")
        plates.main()
        print("\nReading of plates")
        plate_reading.main()
        print("\nThe map, in a browser")
        map.main()
        print("\nAudit trail")
        audit.main()

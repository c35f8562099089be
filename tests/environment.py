"""Loaded before Django's settings: tests get a var folder of their own, so that they never touch anybody's data."""

import atexit
import os
import shutil
import tempfile

if "DONGSEON_TEST_VAR" not in os.environ:
    folder = tempfile.mkdtemp(prefix="dongseon-test-")
    os.environ["DONGSEON_TEST_VAR"] = os.environ["DONGSEON_VAR"] = folder
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in ("DATABASE_URL", "REDIS_URL", "VWORLD_KEY", "MAP_TILES_URL", "DONGSEON_MODEL_MANIFEST"):
        os.environ.pop(name, None)
    models = ("DETECTOR", "EMBEDDER", "VEHICLE_EMBEDDER", "PERSON_DESCRIBER", "VEHICLE_DESCRIBER")
    for name in (*models, "PLATE_FINDER", "PLATE_READER"):
        os.environ.pop(f"{name}_MODEL", None)
    os.environ["TWO_FACTOR_ROLES"] = ""  # also for the servers that tests start
    if "DONGSEON_TEST_DATABASE_URL" in os.environ:  # the same tests on another engine
        os.environ["DATABASE_URL"] = os.environ["DONGSEON_TEST_DATABASE_URL"]

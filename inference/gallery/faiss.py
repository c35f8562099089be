"""FAISS as gallery: one exact float16 index per model, camera and day, derived from the rows and never trusted.

A search names cameras and hours, so it reads a few small partitions whole: an exact scan of the right ones beats an
approximate index of everything. The rows say which features may be compared; what a partition lacks is read from
its row and added, what it has too much of is passed over. Vectors are known by a random key that no other row of
any database has, so an index file that outlives its database matches nothing. Deleting the files, or losing a race
between two workers that write one, costs time and never a result.
"""

import os
import shutil
import tempfile
from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import faiss
import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from inference.gallery.contract import Match
from inference.models import Feature

CACHED_PARTITIONS = 512
# SQLite allows 32,766 variables in a statement; rows are fetched in blocks well below it.
ROWS_AT_ONCE = 5000


class PartitionKey(NamedTuple):
    embedder: str
    camera_id: int
    day: str


class Partition(NamedTuple):
    """A FAISS index with the feature keys it holds, and the state of the file it came from."""

    index: Any
    keys: NDArray[np.int64]
    modified_ns: int


class FaissGallery:
    """Exact search over FAISS partitions below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._partitions: OrderedDict[PartitionKey, Partition] = OrderedDict()

    def search(self, query: NDArray[np.float32], features: QuerySet[Feature], *, limit: int) -> list[Match]:
        """See `Gallery.search`."""
        sightings: dict[int, int] = {}
        wanted: dict[PartitionKey, list[int]] = defaultdict(list)
        rows = features.values_list("key", "sighting_id", "embedder", "sighting__camera_id", "sighting__first_seen_at")
        for key, sighting_id, embedder, camera_id, first_seen_at in rows.iterator(chunk_size=ROWS_AT_ONCE):
            sightings[key] = sighting_id
            wanted[_place(embedder, camera_id, first_seen_at)].append(key)
        best: dict[int, float] = {}
        for place, keys in wanted.items():
            for key, score in self._search_partition(place, np.array(keys, dtype=np.int64), query, limit):
                best[sightings[key]] = max(score, best.get(sightings[key], -1.0))
        ranked = sorted(best.items(), key=lambda item: (-item[1], item[0]))[:limit]
        return [Match(sighting_id, score) for sighting_id, score in ranked]

    def rebuild(self, embedder: str) -> int:
        """See `Gallery.rebuild`."""
        shutil.rmtree(self._folder / embedder, ignore_errors=True)
        self._partitions.clear()
        rows = Feature.objects.of_model(embedder).values_list(
            "key", "embedder", "sighting__camera_id", "sighting__first_seen_at"
        )
        wanted: dict[PartitionKey, list[int]] = defaultdict(list)
        for key, model, camera_id, first_seen_at in rows.iterator(chunk_size=ROWS_AT_ONCE):
            wanted[_place(model, camera_id, first_seen_at)].append(key)
        for place, keys in wanted.items():
            self._load(place, np.array(keys, dtype=np.int64))
        return sum(len(keys) for keys in wanted.values())

    def forget(self, places: Iterable[tuple[int, datetime]]) -> None:
        """See `Gallery.forget`."""
        gone = {(camera_id, _day(at)) for camera_id, at in places}
        for camera_id, day in gone:
            for path in self._folder.glob(f"*/{camera_id}/{day}.faiss"):
                path.unlink(missing_ok=True)
        for place in [place for place in self._partitions if (place.camera_id, place.day) in gone]:
            del self._partitions[place]

    def _search_partition(
        self, place: PartitionKey, keys: NDArray[np.int64], query: NDArray[np.float32], limit: int
    ) -> list[tuple[int, float]]:
        partition = self._load(place, keys)
        if partition is None:
            return []
        selector = faiss.IDSelectorBatch(keys)
        parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]  # the stubs lag behind
        scores, found = partition.index.search(np.atleast_2d(query), min(limit, len(keys)), params=parameters)
        pairs = zip(found.ravel().tolist(), scores.ravel().tolist(), strict=True)
        return [(key, score) for key, score in pairs if key >= 0]

    def _load(self, place: PartitionKey, needed: NDArray[np.int64]) -> Partition | None:
        """Return the partition with every needed key in it: from memory, else its file, else the rows.

        None if there is no file and every needed row has been deleted meanwhile.
        """
        partition = self._read(place)
        missing = np.setdiff1d(needed, partition.keys) if partition else needed
        if len(missing):
            partition = self._extend(place, partition, missing)
        if partition:
            self._partitions[place] = partition
            self._partitions.move_to_end(place)
        while len(self._partitions) > CACHED_PARTITIONS:
            self._partitions.popitem(last=False)
        return partition

    def _read(self, place: PartitionKey) -> Partition | None:
        path = self._path(place)
        try:
            modified_ns = path.stat().st_mtime_ns
        except FileNotFoundError:
            return None
        cached = self._partitions.get(place)
        if cached and cached.modified_ns == modified_ns:
            return cached
        try:
            index: Any = faiss.read_index(str(path))
        except RuntimeError:  # damaged: it is derived, so it is made again
            return None
        return Partition(index, faiss.vector_to_array(index.id_map), modified_ns)

    def _extend(self, place: PartitionKey, partition: Partition | None, missing: NDArray[np.int64]) -> Partition | None:
        """Add the rows of `missing` to the partition, in memory and in its file."""
        found, vectors = _read_rows(missing)
        if not len(found):
            return partition
        # Out of the cache until the file stands: after a failed write the index in memory would hold keys twice.
        self._partitions.pop(place, None)
        index = partition.index if partition else _new_index(vectors.shape[1])
        index.add_with_ids(vectors, found)
        path = self._path(place)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        os.close(handle)
        faiss.write_index(index, name)
        Path(name).replace(path)
        return Partition(index, faiss.vector_to_array(index.id_map), path.stat().st_mtime_ns)

    def _path(self, place: PartitionKey) -> Path:
        return self._folder / place.embedder / str(place.camera_id) / f"{place.day}.faiss"


def _place(embedder: str, camera_id: int, first_seen_at: datetime) -> PartitionKey:
    return PartitionKey(embedder, camera_id, _day(first_seen_at))


def _day(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%d")


def _new_index(dimension: int) -> Any:
    flat = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    return faiss.IndexIDMap(flat)


def _read_rows(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return those of `keys` that still have a row, and their vectors as N×D float32."""
    rows: list[tuple[int, bytes]] = []
    for at in range(0, len(keys), ROWS_AT_ONCE):
        block = Feature.objects.filter(key__in=keys[at : at + ROWS_AT_ONCE].tolist())
        rows += [(key, bytes(vector)) for key, vector in block.values_list("key", "vector")]
    if not rows:
        return np.zeros(0, np.int64), np.zeros((0, 0), np.float32)
    vectors = np.frombuffer(b"".join(vector for _key, vector in rows), dtype="<f2").reshape(len(rows), -1)
    return np.array([key for key, _vector in rows], dtype=np.int64), vectors.astype(np.float32)

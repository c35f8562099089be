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
from collections.abc import Container, Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import faiss
import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from inference.gallery.contract import Found, Match
from inference.models import Feature

CACHED_PARTITIONS = 512
DAY = "%Y%m%d"
# SQLite allows 32,766 variables in a statement; rows are fetched in blocks well below it.
ROWS_AT_ONCE = 5000
# Of a larger partition so many evenly chosen cosines stand for all: their mean is known to half a hundredth.
SAMPLE = 400
# A partition is scanned faster than threads are woken; on a busy machine they were waited for ten times as long.
faiss.omp_set_num_threads(1)


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

    def compare(
        self,
        query: NDArray[np.float32],
        features: QuerySet[Feature],
        *,
        limit: int,
        without: Container[int] = (),
    ) -> Found:
        """See `Gallery.compare`."""
        sightings: dict[int, int] = {}
        rows = features.values_list("key", "sighting_id", "embedder", "sighting__camera_id", "sighting__first_seen_at")
        by_date: dict[tuple[str, int, date], list[int]] = defaultdict(list)
        for key, sighting_id, embedder, camera_id, first_seen_at in rows.iterator(chunk_size=ROWS_AT_ONCE):
            if sighting_id not in without:
                sightings[key] = sighting_id
                by_date[embedder, camera_id, first_seen_at.astimezone(UTC).date()].append(key)
        best: dict[int, Match] = {}
        cosines: dict[int, list[NDArray[np.float32]]] = defaultdict(list)
        for (embedder, camera_id, day), keys in by_date.items():
            place = PartitionKey(embedder, camera_id, day.strftime(DAY))
            found, sampled = self._search_partition(place, np.array(keys, dtype=np.int64), query, limit)
            cosines[place.camera_id].append(sampled)
            for key, score in found:
                sighting_id = sightings[key]
                if sighting_id not in best or score > best[sighting_id].score:
                    best[sighting_id] = Match(sighting_id, score, place.camera_id)
        ranked = sorted(best.values(), key=lambda match: (-match.score, match.sighting_id))[:limit]
        return Found(ranked, len(sightings), {pk: np.concatenate(parts) for pk, parts in cosines.items()})

    def search(self, query: NDArray[np.float32], features: QuerySet[Feature], *, limit: int) -> list[Match]:
        """See `Gallery.search`."""
        return self.compare(query, features, limit=limit).matches

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
    ) -> tuple[list[tuple[int, float]], NDArray[np.float32]]:
        """The best of `keys`, and cosines that stand for all of them."""
        partition = self._load(place, keys)
        if partition is None:
            return [], np.zeros(0, np.float32)
        if len(keys) <= SAMPLE:
            found, scores = _nearest(partition.index, query, keys, len(keys))
            return list(zip(found[:limit].tolist(), scores[:limit].tolist(), strict=True)), scores
        _keys, sampled = _nearest(partition.index, query, keys[:: -(-len(keys) // SAMPLE)], SAMPLE)
        found, scores = _nearest(partition.index, query, keys, limit)
        return list(zip(found.tolist(), scores.tolist(), strict=True)), sampled

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
    return at.astimezone(UTC).strftime(DAY)


def _new_index(dimension: int) -> Any:
    flat = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    return faiss.IndexIDMap(flat)


def _nearest(
    index: Any, query: NDArray[np.float32], keys: NDArray[np.int64], limit: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The best of `keys` with their best cosine over the query's vectors, best first, each key once."""
    parameters = faiss.SearchParameters(sel=faiss.IDSelectorBatch(keys))  # type: ignore[call-arg]  # the stubs lag behind
    scores, found = index.search(np.atleast_2d(query), min(limit, len(keys)), params=parameters)
    scores, found = scores.ravel(), found.ravel()
    order = np.argsort(-scores, kind="stable")
    order = order[found[order] >= 0]
    _keys, first = np.unique(found[order], return_index=True)
    order = order[np.sort(first)]
    return found[order], scores[order]


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

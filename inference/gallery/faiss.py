"""FAISS as gallery: one exact float16 index per model, camera and day, derived from the rows and never trusted.

A search names cameras and hours, so it reads a few small partitions whole: an exact scan of the right ones beats an
approximate index of everything. The rows say which features may be compared; what a partition lacks is read from
its row and added, what it has too much of is passed over. So deleting the files, or losing a race between two
workers that write one, costs time and never a result.
"""

import os
import shutil
import tempfile
from collections import OrderedDict, defaultdict
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
    """A FAISS index with the ids it holds, and the state of the file it came from."""

    index: Any
    ids: NDArray[np.int64]
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
        rows = features.values_list("pk", "sighting_id", "embedder", "sighting__camera_id", "sighting__first_seen_at")
        for pk, sighting_id, embedder, camera_id, first_seen_at in rows.iterator(chunk_size=ROWS_AT_ONCE):
            sightings[pk] = sighting_id
            wanted[_key(embedder, camera_id, first_seen_at)].append(pk)
        best: dict[int, float] = {}
        for key, ids in wanted.items():
            for pk, score in self._search_partition(key, np.array(ids, dtype=np.int64), query, limit):
                best[pk] = max(score, best.get(pk, -1.0))
        ranked = sorted(best.items(), key=lambda item: (-item[1], item[0]))[:limit]
        return [Match(sightings[pk], score) for pk, score in ranked]

    def rebuild(self, embedder: str) -> int:
        """See `Gallery.rebuild`."""
        shutil.rmtree(self._folder / embedder, ignore_errors=True)
        self._partitions.clear()
        rows = Feature.objects.of_model(embedder).values_list(
            "pk", "embedder", "sighting__camera_id", "sighting__first_seen_at"
        )
        wanted: dict[PartitionKey, list[int]] = defaultdict(list)
        for pk, model, camera_id, first_seen_at in rows.iterator(chunk_size=ROWS_AT_ONCE):
            wanted[_key(model, camera_id, first_seen_at)].append(pk)
        for key, ids in wanted.items():
            self._load(key, np.array(ids, dtype=np.int64))
        return sum(len(ids) for ids in wanted.values())

    def _search_partition(
        self, key: PartitionKey, ids: NDArray[np.int64], query: NDArray[np.float32], limit: int
    ) -> list[tuple[int, float]]:
        partition = self._load(key, ids)
        selector = faiss.IDSelectorBatch(ids)
        parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]  # the stubs lag behind
        scores, found = partition.index.search(np.atleast_2d(query), min(limit, len(ids)), params=parameters)
        pairs = zip(found.ravel().tolist(), scores.ravel().tolist(), strict=True)
        return [(pk, score) for pk, score in pairs if pk >= 0]

    def _load(self, key: PartitionKey, needed: NDArray[np.int64]) -> Partition:
        """Return the partition with every needed id in it: from memory, else its file, else the rows."""
        partition = self._read(key)
        missing = np.setdiff1d(needed, partition.ids) if partition else needed
        if len(missing):
            partition = self._write(key, partition, missing)
        assert partition is not None
        self._partitions[key] = partition
        self._partitions.move_to_end(key)
        while len(self._partitions) > CACHED_PARTITIONS:
            self._partitions.popitem(last=False)
        return partition

    def _read(self, key: PartitionKey) -> Partition | None:
        path = self._path(key)
        try:
            modified_ns = path.stat().st_mtime_ns
        except FileNotFoundError:
            return None
        cached = self._partitions.get(key)
        if cached and cached.modified_ns == modified_ns:
            return cached
        try:
            index: Any = faiss.read_index(str(path))
        except RuntimeError:  # damaged: it is derived, so it is made again
            return None
        return Partition(index, faiss.vector_to_array(index.id_map), modified_ns)

    def _write(self, key: PartitionKey, partition: Partition | None, ids: NDArray[np.int64]) -> Partition:
        vectors = np.concatenate([_read_rows(ids[at : at + ROWS_AT_ONCE]) for at in range(0, len(ids), ROWS_AT_ONCE)])
        index = partition.index if partition else _new_index(vectors.shape[1])
        index.add_with_ids(vectors, ids)
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        os.close(handle)
        faiss.write_index(index, name)
        Path(name).replace(path)
        return Partition(index, faiss.vector_to_array(index.id_map), path.stat().st_mtime_ns)

    def _path(self, key: PartitionKey) -> Path:
        return self._folder / key.embedder / str(key.camera_id) / f"{key.day}.faiss"


def _key(embedder: str, camera_id: int, first_seen_at: datetime) -> PartitionKey:
    return PartitionKey(embedder, camera_id, first_seen_at.astimezone(UTC).strftime("%Y%m%d"))


def _new_index(dimension: int) -> Any:
    flat = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    return faiss.IndexIDMap(flat)


def _read_rows(ids: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the stored vectors of `ids`, in that order, as N×D float32."""
    blobs = dict(Feature.objects.filter(pk__in=ids.tolist()).values_list("pk", "vector"))
    joined = b"".join(bytes(blobs[pk]) for pk in ids.tolist())
    return np.frombuffer(joined, dtype="<f2").reshape(len(ids), -1).astype(np.float32)

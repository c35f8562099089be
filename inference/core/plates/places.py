"""Where and when many plates were seen, as columns, and which of them lie in a scope.

Knows no plates' texts: `PlateIndex` asks here which of what it finds may be seen. Nothing is changed in place, so that
one thread may look while another takes plates in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Id, camera, first and last moment in seconds, whether it is small, whether it is superseded.
Place = tuple[int, int, float, float, bool, bool]


@dataclass(frozen=True)
class Scope:
    """What may be looked at.

    Attributes:
        cameras: Ids.
        from_s: Seconds since 1970; seen at this moment or later.
        until_s: Seen before this moment.
        includes_small: Whether small sightings count too.
    """

    cameras: NDArray[np.int64]
    from_s: float
    until_s: float
    includes_small: bool


@dataclass(frozen=True)
class Places:
    """N plates, by ascending id.

    Attributes:
        ids: N, the caller's.
        cameras: N, ids.
        first_s: N, seconds since 1970.
        last_s: N, the same.
        is_small: N.
        is_superseded: N; these lie in no scope.
    """

    ids: NDArray[np.int64]
    cameras: NDArray[np.int64]
    first_s: NDArray[np.float64]
    last_s: NDArray[np.float64]
    is_small: NDArray[np.bool_]
    is_superseded: NDArray[np.bool_]

    @classmethod
    def of(cls, rows: Iterable[Place]) -> Places:
        """Make the columns of rows by ascending id."""
        columns = tuple(zip(*rows, strict=True)) or ((),) * 6
        kinds = (np.int64, np.int64, np.float64, np.float64, np.bool_, np.bool_)
        return cls(*(np.array(column, kind) for column, kind in zip(columns, kinds, strict=True)))

    def __len__(self) -> int:
        return len(self.ids)

    def above(self, number: int) -> NDArray[np.int64]:
        """Give the ids above a number."""
        return self.ids[np.searchsorted(self.ids, number, side="right") :]

    def joined(self, other: Places) -> Places:
        """Put the plates of both together; no id is in both."""
        both = self._each(lambda name, column: np.concatenate((column, getattr(other, name))))
        if not len(self) or not len(other) or self.ids[-1] < other.ids[0]:
            return both
        order = np.argsort(both.ids)
        return both._each(lambda _name, column: column[order])

    def without(self, ids: NDArray[np.int64]) -> Places:
        """Leave plates out; unknown ids are passed over."""
        is_kept = ~np.isin(self.ids, ids)
        return self._each(lambda _name, column: column[is_kept])

    def within(self, scope: Scope, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say for each of M ids whether it lies in the scope; unknown ones do not."""
        if not len(self):
            return np.zeros(len(ids), np.bool_)
        at = np.minimum(np.searchsorted(self.ids, ids), len(self) - 1)
        found: NDArray[np.bool_] = (
            (self.ids[at] == ids)
            & (self.first_s[at] < scope.until_s)
            & (self.last_s[at] >= scope.from_s)
            & np.isin(self.cameras[at], scope.cameras)
            & ~self.is_superseded[at]
        )
        return found if scope.includes_small else found & ~self.is_small[at]

    def _each(self, change: Callable[[str, NDArray[Any]], NDArray[Any]]) -> Places:
        """Make each column anew, given its name and what it holds."""
        return replace(self, **{field.name: change(field.name, getattr(self, field.name)) for field in fields(self)})

"""The threshold grid: which scores are told apart, and the exact integer a score belongs to.

What belongs here: the definition of the grid, thresholds by index, the index of a score, in plain
Python. It goes to the Spark cluster, so it uses the standard library only and runs on Python 3.9.
What does not belong here: counting (`confusion`) and the same arithmetic as a Spark SQL
expression (`ml_insights.spark.binning`), which tests compare with this module.

The grid is fixed and does not depend on data, so that counts of any days, files or slices add up.
With ``u = min(score, 1 - score)``, every binary octave of u from ``2**-octaves`` to 1/2 is cut
into ``2**bits`` equal parts, and what lies below ``2**-octaves`` is one bin on each side. Every
edge is a float64, scaling by powers of two is exact and ``1 - score`` is exact for
``score >= 1/2``, so that binning a score is the same as comparing it with every threshold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

OFFSET_UNITS = 2**20
"""Parts of a bin's width in which a score's distance to the bin's threshold is summed."""


@dataclass(frozen=True)
class ThresholdGrid:
    """A two-sided, relative grid of thresholds on [0, 1].

    Bin i holds the scores with ``threshold(i) <= score < threshold(i + 1)``; the last bin is closed
    at 1. A record with bin i is predicted positive at threshold j when ``i >= j``, which is
    exactly ``score >= threshold(j)``.

    Attributes:
        octaves: Smallest distance from 0 or 1 that is resolved is ``2**-octaves``; 2 to 32.
        bits: Each octave has ``2**bits`` bins; 0 to 12.
    """

    octaves: int = 20
    bits: int = 9

    def __post_init__(self) -> None:
        """Reject grids whose arithmetic would not be exact in float64 and int64."""
        if not (2 <= self.octaves <= 32 and 0 <= self.bits <= 12):
            msg = f"a grid needs 2 <= octaves <= 32 and 0 <= bits <= 12, not {self}"
            raise ValueError(msg)

    @property
    def name(self) -> str:
        """Identity of the grid, stored with counts: counts of different grids never mix."""
        return f"two-sided-{self.octaves}-{self.bits}"

    @property
    def side(self) -> int:
        """Number of bins on one side of 1/2."""
        return (self.octaves - 1) * (1 << self.bits) + 1

    @property
    def size(self) -> int:
        """Number of bins, and of thresholds.

        >>> ThresholdGrid().size
        19458
        """
        return 2 * self.side

    def threshold(self, index: int) -> float:
        """Lower edge of bin ``index``, exact.

        >>> grid = ThresholdGrid()
        >>> grid.threshold(0), grid.threshold(1), grid.threshold(9729), grid.threshold(19457)
        (0.0, 9.5367431640625e-07, 0.5, 0.9999990463256836)

        Raises:
            IndexError: ``index`` is not in ``range(size)``.
        """
        if not 0 <= index < self.size:
            msg = f"threshold index {index} is outside 0..{self.size - 1} of grid {self.name}"
            raise IndexError(msg)
        if index < self.side:
            return self._edge(index - 1) if index else 0.0
        return 1.0 - self._edge(self.size - 1 - index)

    def thresholds(self) -> list[float]:
        """All thresholds in ascending order of index, and so of value; length ``size``."""
        return [self.threshold(index) for index in range(self.size)]

    def index_of(self, score: float) -> int:
        """Index of the bin that holds ``score``: the largest i with ``score >= threshold(i)``.

        >>> ThresholdGrid().index_of(0.5), ThresholdGrid().index_of(math.nextafter(0.5, 0))
        (9729, 9728)

        Raises:
            ValueError: ``score`` is not in [0, 1] (NaN included).
        """
        if not 0.0 <= score <= 1.0:
            msg = f"a score must lie in [0, 1], not {score!r}"
            raise ValueError(msg)
        scale = self.octaves + self.bits
        if score < 0.5:
            # Bins below 1/2 are closed at their lower edge: floor.
            return self._side_index(math.floor(math.ldexp(score, scale)))
        # Above, `score >= 1 - e` means `u <= e`: bins in u are closed at their upper edge: ceiling.
        return self.size - 1 - self._side_index(math.ceil(math.ldexp(1.0 - score, scale)) - 1)

    def _edge(self, position: int) -> float:
        """``2**-octaves * (1 + part / 2**bits)`` in its octave; position 0 is ``2**-octaves``."""
        octave, part = divmod(position, 2**self.bits)
        return math.ldexp(2**self.bits + part, octave - self.octaves - self.bits)

    def _side_index(self, units: int) -> int:
        """Bin, counted from the outside, of a distance in units of ``2**-(octaves + bits)``."""
        if units < 2**self.bits:
            return 0
        octave = units.bit_length() - 1 - self.bits
        return 1 + (octave << self.bits) + (units >> octave) - (1 << self.bits)

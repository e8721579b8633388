"""How far normal approximations of a difference of two shares are off in the tail gates need.

What belongs here: exact probabilities of a false alarm, by summing over both binomials. What does
not: the exact test that the gates use (`ml_insights.metrics.gates`).

    python -m benchmarks.normal_tails
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from ml_insights.metrics.gates import LONGEST_MONTH, MONTHLY_RATE
from ml_insights.metrics.intervals import wilson_interval

SLICES = 100
RATE = MONTHLY_RATE / LONGEST_MONTH / SLICES


def excess(share: float, before: int, today: int) -> tuple[float, float]:
    """Chance of a false alarm over `RATE`: Newcombe's interval, and the pooled normal test."""
    z = float(stats.norm.isf(RATE))
    was, now = np.arange(before + 1), np.arange(today + 1)
    chance = np.outer(stats.binom.pmf(was, before, share), stats.binom.pmf(now, today, share))
    first, second = (was / before)[:, None], (now / today)[None]
    low = wilson_interval(was, np.full_like(was, before), z)[0][:, None]
    high = wilson_interval(now, np.full_like(now, today), z)[1][None]
    newcombe = second - first + np.hypot(high - second, first - low) < 0
    pooled = (was[:, None] + now) / (before + today)
    spread = np.sqrt(np.maximum(pooled * (1 - pooled) * (1 / before + 1 / today), 1e-30))
    return tuple(
        float(chance[alarm].sum() / RATE) for alarm in (newcombe, (first - second) / spread > z)
    )  # type: ignore[return-value]


def main() -> None:
    """Print the table as Markdown."""
    print("| trials today | before | share | Newcombe / rate | pooled normal / rate |")
    print("| --- " * 5 + "|")
    for today in (20, 50, 100, 300, 1000):
        for share in (0.5, 0.8, 0.95, 0.99):
            newcombe, pooled = excess(share, 7 * today, today)
            print(f"| {today} | {7 * today} | {share} | {newcombe:.1f} | {pooled:.1f} |")


if __name__ == "__main__":
    main()

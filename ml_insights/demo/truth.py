"""The true curve: score distributions with closed-form recall, precision and areas.

What belongs here: the distributions, what follows from them, and drawing from them. What does not:
which numbers the demo takes (`scenario`).

In a component, scores of positives have the distribution function ``s**a`` (Beta(a, 1)), those of
negatives the survival function ``(1 - s)**b`` (Beta(1, b)). A curve is a mixture of components of
the same prevalence, so that rates are weighted sums and every slice is such a curve too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Component:
    """A part of the traffic, such as a region.

    Attributes:
        name: what the part is called.
        share: of the traffic; positives and negatives alike.
        positive_shape: a; the larger, the nearer to 1 are scores of positives.
        negative_shape: b; the larger, the nearer to 0 are scores of negatives.
    """

    name: str
    share: float
    positive_shape: float
    negative_shape: float


class Sample(NamedTuple):
    """Records drawn from a curve; arrays of the same length."""

    component: NDArray[np.int64]
    positive: NDArray[np.bool_]
    score: NDArray[np.float64]


@dataclass(frozen=True)
class TrueCurve:
    """What an unlimited number of labelled records would show; positive is score >= threshold.

    Attributes:
        prevalence: share of positives, in (0, 1).
        components: shares add up to 1.
    """

    prevalence: float
    components: tuple[Component, ...]

    def part(self, name: str) -> TrueCurve:
        """The curve of one component alone.

        Raises:
            KeyError: no component has this name.
        """
        for component in self.components:
            if component.name == name:
                alone = Component(name, 1.0, component.positive_shape, component.negative_shape)
                return TrueCurve(self.prevalence, (alone,))
        raise KeyError(name)

    def recall(self, threshold: float) -> float:
        """``sum share * (1 - t**a)``."""
        return sum(c.share * (1 - math.pow(threshold, c.positive_shape)) for c in self.components)

    def false_positive_rate(self, threshold: float) -> float:
        """``sum share * (1 - t)**b``."""
        return sum(c.share * math.pow(1 - threshold, c.negative_shape) for c in self.components)

    def precision(self, threshold: float) -> float:
        """``pi TPR / (pi TPR + (1 - pi) FPR)``.

        Raises:
            ValueError: nothing reaches the threshold (1 or above), so that this is 0/0.
        """
        if not 0 <= threshold < 1:
            msg = f"precision is defined for thresholds in [0, 1), not {threshold}"
            raise ValueError(msg)
        true = self.prevalence * self.recall(threshold)
        return true / (true + (1 - self.prevalence) * self.false_positive_rate(threshold))

    def f1(self, threshold: float) -> float:
        """Harmonic mean of precision and recall."""
        precision, recall = self.precision(threshold), self.recall(threshold)
        return 2 * precision * recall / (precision + recall)

    def roc_auc(self) -> float:
        """``P(positive scores above negative) = sum share share' (1 - a B(a, b + 1))``."""
        return sum(
            p.share
            * n.share
            * (1 - p.positive_shape * _beta(p.positive_shape, n.negative_shape + 1))
            for p in self.components
            for n in self.components
        )

    def average_precision(self) -> float:
        """``integral of precision d(recall)``, by quadrature; error below 1e-9."""
        return sum(
            weight * self.precision(score) * self._positive_density(score)
            for score, weight in _score_quadrature()
        )

    def sample(self, rng: np.random.Generator, count: int) -> Sample:
        """Draw records independently; scores by inverting the distribution functions."""
        component = rng.choice(len(self.components), count, p=[c.share for c in self.components])
        positive = rng.random(count) < self.prevalence
        uniform = rng.random(count)
        a = np.array([c.positive_shape for c in self.components])[component]
        b = np.array([c.negative_shape for c in self.components])[component]
        # Survival 1 - u is as uniform as u; this form keeps scores near 0 precise.
        negative_score = -np.expm1(np.log1p(-uniform) / b)
        return Sample(component, positive, np.where(positive, uniform ** (1 / a), negative_score))

    def _positive_density(self, score: float) -> float:
        return sum(
            c.share * c.positive_shape * math.pow(score, c.positive_shape - 1)
            for c in self.components
        )


def _beta(x: float, y: float) -> float:
    return math.exp(math.lgamma(x) + math.lgamma(y) - math.lgamma(x + y))


@lru_cache(maxsize=1)
def _score_quadrature() -> tuple[tuple[float, float], ...]:
    """Scores in (0, 1) and weights whose weighted sum is the integral over scores.

    The double exponential rule (Takahasi and Mori 1974), which is not disturbed by infinite slopes
    at the ends: scores are the logistic function of pi sinh(x), for x from -3 to 3.
    """
    step = 0.02
    nodes = []
    for n in range(-150, 151):
        score = 1 / (1 + math.exp(-math.pi * math.sinh(n * step)))
        slope = math.pi * math.cosh(n * step) * score * (1 - score)
        nodes.append((score, slope * step))
    return tuple(nodes)

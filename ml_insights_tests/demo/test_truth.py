"""The closed forms are what the distributions imply."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.integrate import quad
from sklearn.metrics import average_precision_score, roc_auc_score

from ml_insights.demo.truth import Component, TrueCurve

EVEN = TrueCurve(0.5, (Component("all", 1.0, 1.0, 1.0),))
CURVES = [
    EVEN,
    TrueCurve(0.03, (Component("usual", 0.8, 2.5, 7.0), Component("weak", 0.2, 1.8, 5.0))),
    TrueCurve(0.03, (Component("usual", 0.8, 1.4, 4.5), Component("weak", 0.2, 1.2, 4.0))),
    TrueCurve(0.001, (Component("usual", 0.5, 4.0, 20.0), Component("weak", 0.5, 1.1, 1.5))),
]


def test_scores_without_information_give_chance() -> None:
    assert EVEN.roc_auc() == pytest.approx(0.5, abs=1e-12)
    assert EVEN.average_precision() == pytest.approx(0.5, abs=1e-12)
    assert EVEN.precision(0.25) == 0.5
    assert EVEN.recall(0.25) == EVEN.false_positive_rate(0.25) == 0.75
    assert EVEN.f1(0.25) == pytest.approx(0.6)


@pytest.mark.parametrize("curve", CURVES)
def test_areas_agree_with_adaptive_quadrature(curve: TrueCurve) -> None:
    def by_score(value: Callable[[float], float]) -> float:
        def integrand(score: float) -> float:
            density = sum(
                part.share * part.positive_shape * math.pow(score, part.positive_shape - 1)
                for part in curve.components
            )
            return value(score) * density

        points = [1e-6, 0.5, 0.99, 1 - 1e-4, 1 - 1e-6]
        return float(quad(integrand, 0, 1, epsabs=1e-12, limit=500, points=points)[0])

    assert curve.average_precision() == pytest.approx(by_score(curve.precision), abs=1e-9)
    true_auc = by_score(lambda score: 1 - curve.false_positive_rate(score))
    assert curve.roc_auc() == pytest.approx(true_auc, abs=1e-9)


@pytest.mark.parametrize("curve", CURVES[:3])
def test_large_samples_approach_the_truth(curve: TrueCurve) -> None:
    sample = curve.sample(np.random.default_rng(5), 400_000)
    positives = int(sample.positive.sum())
    ap, auc = curve.average_precision(), curve.roc_auc()
    sampling_error = math.sqrt(ap * (1 - ap) / positives)
    assert average_precision_score(sample.positive, sample.score) == pytest.approx(
        ap, abs=4 * sampling_error
    )
    assert roc_auc_score(sample.positive, sample.score) == pytest.approx(
        auc, abs=4 * math.sqrt(auc * (1 - auc) / positives)
    )
    for threshold in (0.05, 0.3, 0.5, 0.9):
        predicted = sample.score >= threshold
        for rate, among in (
            (curve.recall(threshold), sample.positive),
            (curve.false_positive_rate(threshold), ~sample.positive),
        ):
            error = math.sqrt(rate * (1 - rate) / among.sum())
            assert predicted[among].mean() == pytest.approx(rate, abs=4 * error)


def test_the_whole_is_the_weighted_sum_of_its_parts() -> None:
    curve = CURVES[1]
    usual, weak = curve.part("usual"), curve.part("weak")
    for threshold in (0.0, 0.1, 0.5, 0.99):
        assert curve.recall(threshold) == pytest.approx(
            0.8 * usual.recall(threshold) + 0.2 * weak.recall(threshold)
        )
        assert curve.false_positive_rate(threshold) == pytest.approx(
            0.8 * usual.false_positive_rate(threshold) + 0.2 * weak.false_positive_rate(threshold)
        )
    assert weak.average_precision() < curve.average_precision() < usual.average_precision()


def test_precision_is_refused_where_nothing_is_predicted_positive() -> None:
    with pytest.raises(ValueError, match=r"\[0, 1\)"):
        EVEN.precision(1.0)


def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(KeyError, match="MARS"):
        EVEN.part("MARS")

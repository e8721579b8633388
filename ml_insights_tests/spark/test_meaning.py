"""Settings that give counts another meaning tell days apart; others do not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ml_insights.spark.arguments import AmountFeature, SliceFeature, ValueForm
from ml_insights.spark.meaning import differences, meaning_of_labels, meaning_of_scores
from ml_insights_tests.spark.captured import AGE, CLASSES, CSV, JSON, ONE_SCORE, REGION
from ml_insights_tests.spark.labelled import counting_job


@pytest.mark.parametrize(
    ("change", "different"),
    [
        ({"scores": (ValueForm(CSV, 1), *ONE_SCORE.scores[1:])}, "score of text/csv"),
        ({"scores": (ONE_SCORE.scores[0], ValueForm(JSON, path="p"))}, "score of application/json"),
        ({"scores": ONE_SCORE.scores[::-1]}, "score without a content type"),
        ({"positive_label": "no"}, "classes"),
        ({"positive_label": "", "classes": ("yes", "no")}, "classes"),
        ({"slices": (AGE, replace(REGION, form=ValueForm(CSV, 7)))}, "slice region"),
    ],
)
def test_what_is_read_from_another_place_is_another_number(
    change: dict[str, Any], different: str
) -> None:
    other = meaning_of_scores(replace(ONE_SCORE, **change))
    found = differences(meaning_of_scores(ONE_SCORE), other)
    assert different in [one.split(":")[0] for one in found]


@pytest.mark.parametrize(
    "change",
    [
        {"scores": ONE_SCORE.scores[:2]},
        {"slices": ()},
        {"slices": (*ONE_SCORE.slices, SliceFeature("sex", ValueForm(CSV, 2)))},
        {"slices": (replace(AGE, edges=(40.0,)), REGION)},
        {"amount": AmountFeature(ValueForm(CSV, 2), 2)},
    ],
    ids=["fewer content types", "no slices", "one slice more", "other ranges", "amounts"],
)
def test_what_is_read_besides_changes_no_meaning(change: dict[str, Any]) -> None:
    other = meaning_of_scores(replace(ONE_SCORE, **change))
    assert differences(meaning_of_scores(ONE_SCORE), other) == []


def test_the_order_of_classes_says_whose_score_is_whose() -> None:
    turned = replace(CLASSES, classes=CLASSES.classes[::-1])
    (found,) = differences(meaning_of_scores(CLASSES), meaning_of_scores(turned))
    assert found == "classes: bird, dog, cat, not cat, dog, bird"


@pytest.mark.parametrize(
    ("change", "different"),
    [
        ({"positive_label": "yes"}, ["positive_label: yes, not 1"]),
        ({"negative_label": ""}, ["negative_label: every label that is not positive, not 0"]),
        ({"labels": (ValueForm(CSV, 3),)}, None),
        ({"label_days": ("2026-10-01",), "max_slices": 1, "octaves": 3, "plain": True}, []),
    ],
)
def test_labels_that_are_read_otherwise_mean_something_else(
    tmp_path: Path, change: dict[str, Any], different: list[str] | None
) -> None:
    job = counting_job(tmp_path)
    found = differences(meaning_of_labels(job), meaning_of_labels(replace(job, **change)))
    assert found == different or (different is None and found[0].startswith("label: text/csv col"))

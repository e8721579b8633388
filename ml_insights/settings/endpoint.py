"""One endpoint: where its captures and labels are, what they mean, how its numbers are judged.

What belongs here: the section below `endpoints.<name>`, checks between its keys, and its
translation to what the Spark jobs are told. What does not: the forms themselves (`forms`), and
checks between endpoints or with the deployment (`model`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from ml_insights.settings.business import Amount, Business, VariantShare
from ml_insights.settings.forms import CrossedSlice, FeatureSlice, Form, Forms, LabelForms, Slices
from ml_insights.settings.section import (
    Finding,
    Legal,
    Location,
    Section,
    Share,
    Unit,
    checked,
    part,
)
from ml_insights.spark.arguments import CSV, CaptureFormat, ValueForm
from ml_insights.spark.label_texts import MISSING, same_label

_EARLIEST = date(2000, 1, 1)
_FURTHEST = timedelta(days=366)


def _written_as_a_date(value: object) -> object:
    # Pydantic would take 20261001 for seconds since 1970.
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("is not a date such as 2026-10-01")
    return value


def _plausible(day: date) -> date:
    if not _EARLIEST <= day <= datetime.now(UTC).date() + _FURTHEST:
        raise ValueError("is implausible, is the year right?")
    return day


def _is_a_label(label: str) -> str:
    if label.lower() in MISSING:
        raise ValueError("in ground truth stands for a missing label")
    return label


Label = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1),
    AfterValidator(_is_a_label),
]
Owner = Annotated[
    str, StringConstraints(pattern=r"^(team:.+|[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,7})$")
]
Days = Annotated[int, Field(ge=0, le=366), Unit("days")]


class Endpoint(Section):
    """An endpoint whose predictions are judged. Its name is the one it has in SageMaker."""

    data_capture: Location
    """`DestinationS3Uri` of the endpoint's data capture. SageMaker writes to
    `<endpoint>/<variant>/yyyy/mm/dd/hh/` below it."""

    ground_truth: Location
    """Folder of the labels, with `yyyy/mm/dd/hh/*.jsonl` below it."""

    start_date: Annotated[
        date,
        BeforeValidator(_written_as_a_date),
        AfterValidator(_plausible),
        Legal("a date such as `2026-10-01`, from 2000 to a year from now"),
    ]
    """First UTC day that is computed."""

    classes: Annotated[
        tuple[Label, ...],
        Legal("a list of two or more different labels, in the order of the score list"),
    ] = ()
    """Multi-class endpoints: names of the classes, in the order of the list of scores that the
    endpoint answers for each prediction. Each class is judged against the rest."""

    positive_label: Annotated[
        Label | None, Legal("text; exactly one of `positive_label` and `classes` is given")
    ] = None
    """The label that means positive, as in ground truth. Numbers match by value: `1` is `1.0`."""

    negative_label: Annotated[Label | None, Legal("text, other than `positive_label`")] = None
    """The only other legal label. Without it, every label that is not positive is negative,
    and a check tells when there are several such texts."""

    score: Forms
    """Where the scores stand in the endpoint's output."""

    label: LabelForms = (Form(content_type="text/csv"),)
    """Where the labels stand in the ground truth records. JSON forms are tried in their order: the
    first that finds a label in a record is taken."""

    operating_threshold: Annotated[Share, Unit("score")]
    """Scores at or above it are acted on. The values at it are counted at the grid threshold at or
    just below it."""

    label_delay_days: Days = 1
    """Whole days after which a day that ended is computed."""

    label_window_days: Annotated[
        Days, Legal("a whole number, at least `label_delay_days`, at most 366")
    ] = 7
    """Labels collected up to this many days after the day are used."""

    slices: Slices = ()
    """Parts of the traffic that get curves of their own. An entry is a feature (`name`, where it
    stands in the endpoint's input, perhaps `edges`) or a cross (`cross` alone)."""

    max_slices: Annotated[int, Field(ge=1), Unit("slices")] = 200
    """A day with more slices than this fails."""

    max_rejected_share: Share = 0.01
    """A day with a larger share of rejected lines, or of rejected predictions, fails."""

    min_label_coverage: Share = 0.9
    """With a smaller share of labelled predictions a day is provisional."""

    min_positives: Annotated[int, Field(ge=0), Unit("records")] = 20
    """With fewer positives a day's numbers are flagged as too few to judge, and so are differences
    of areas and of precision at equal prevalence; shares are tested exactly, however few."""

    smallest_relevant_difference: Annotated[float, Field(gt=0, le=1), Unit("ratio")] = 0.01
    """Differences of precision, recall, F1 and areas below this matter to nobody and are not
    reported."""

    traffic_split: Annotated[
        tuple[VariantShare, ...], Legal("a list of variants, each once, with their shares")
    ] = ()
    """Share of the traffic that each variant should get, counted in capture records. Without it,
    whether records of a variant were lost is not tested."""

    shared_events: Annotated[bool, Legal("`true` or `false`")] = False
    """Whether several variants score the same events (shadow variants, the same inferenceId). They
    are then compared event by event, which takes far fewer labels."""

    regression_severity: Literal["warn", "error"] = "warn"
    """Whether a regression beyond doubt warns, or fails the day's check."""

    business: Business | None = None
    """Money value of each outcome. Without it no money is computed."""

    owners: Annotated[tuple[Owner, ...], Legal("a list of e-mail addresses and `team:name`")] = ()
    """Who answers for the endpoint; shown in the Dagster UI."""

    @field_validator("classes")
    @classmethod
    def _are_several_and_differ(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        if len(classes) == 1:
            raise ValueError("needs two or more classes; for one score give `positive_label`")
        for position, name in enumerate(classes):
            if any(same_label(name, other) for other in classes[:position]):
                raise ValueError(f"has {name!r} twice")
        return classes

    @field_validator("positive_label")
    @classmethod
    def _either_one_label_or_classes(cls, label: str | None, info: ValidationInfo) -> str | None:
        classes = info.data.get("classes")
        if label is None and classes == ():
            raise ValueError("is missing; a multi-class endpoint gives `classes` instead")
        if label is not None and classes:
            raise ValueError("must go, because `classes` is given: each class is judged")
        return label

    @field_validator("negative_label")
    @classmethod
    def _is_the_other_label(cls, label: str | None, info: ValidationInfo) -> str | None:
        positive = info.data.get("positive_label")
        if label is not None and info.data.get("classes"):
            raise ValueError("must go, because `classes` is given: the other classes are negative")
        if label is not None and positive is not None and same_label(label, positive):
            raise ValueError("is the same label as `positive_label`")
        return label

    @field_validator("score", mode="wrap")
    @classmethod
    def _lists_hold_every_class(
        cls, value: Any, validate: Callable[[Any], Any], info: ValidationInfo
    ) -> Any:
        forms = value if isinstance(value, list | tuple) else (value,)
        text = "must go: with `classes` every value of a row is the score of a class"
        findings: list[Finding] = [
            ((position, "index"), text)
            for position, form in enumerate(forms)
            if info.data.get("classes")
            and part(form, "content_type") == CSV
            and part(form, "index") is not None
        ]
        return checked(validate, value, findings)

    @field_validator("label_window_days")
    @classmethod
    def _covers_the_delay(cls, days: int, info: ValidationInfo) -> int:
        delay = info.data.get("label_delay_days", 0)
        if days < delay:
            raise ValueError(f"is shorter than `label_delay_days`, which is {delay}")
        return days

    @field_validator("traffic_split")
    @classmethod
    def _names_each_variant_once(cls, shares: tuple[VariantShare, ...]) -> tuple[VariantShare, ...]:
        names = [entry.variant for entry in shares]
        twice = [name for place, name in enumerate(names) if name in names[:place]]
        if twice:
            raise ValueError(f"has {twice[0]!r} twice")
        if len(names) == 1:
            raise ValueError("names one variant, which has nobody to share the traffic with")
        return shares

    def capture_format(self) -> CaptureFormat:
        """How the capture records hold scores and slice features, for the Spark side."""
        return CaptureFormat(
            scores=tuple(form.value_form() for form in self.score),
            positive_label=self.positive_label or "",
            classes=self.classes,
            slices=tuple(feature.slice_feature() for feature in self._features),
            amount=self.amount.amount_feature() if self.amount else None,
        )

    def label_forms(self) -> tuple[ValueForm, ...]:
        """Where labels stand in ground truth, for the Spark side."""
        return tuple(form.value_form() for form in self.label)

    @property
    def amount(self) -> Amount | None:
        """The feature that money depends on."""
        return self.business.amount if self.business else None

    @property
    def slice_names(self) -> tuple[str, ...]:
        """Names of the slice features, in settings order."""
        return tuple(feature.name for feature in self._features)

    @property
    def crosses(self) -> tuple[tuple[str, ...], ...]:
        """Crossed slices, each as names of features."""
        return tuple(entry.cross for entry in self.slices if isinstance(entry, CrossedSlice))

    @property
    def _features(self) -> tuple[FeatureSlice, ...]:
        return tuple(entry for entry in self.slices if isinstance(entry, FeatureSlice))

"""What a Spark job is told: typed, immutable, and the same as JSON on a command line.

What belongs here: the arguments of the two heavy jobs and their JSON form. What does not: how they
are derived from settings (`ml_insights.runners`) or used (`raw_predictions`, `confusion_counts`).

This module travels to the Spark cluster: standard library only, Python 3.9.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any, Optional, Union, cast, get_args, get_origin, get_type_hints

CSV = "text/csv"
JSON = "application/json"
JSON_LINES = "application/jsonlines"


@dataclass(frozen=True)
class ValueForm:
    """Where values stand in the `data` of one content type.

    Attributes:
        content_type: `text/csv`, `application/json` or `application/jsonlines`.
        index: CSV: column of the value, from 0; None means that every value counts.
        path: JSON: path from the document's root, such as `predictions[*].score`; JSON Lines: path
            from the root of a line. "" is the root itself.
    """

    content_type: str
    index: Optional[int] = None
    path: str = ""


@dataclass(frozen=True)
class SliceFeature:
    """An input feature that slices the traffic.

    Attributes:
        name: name of the slice.
        form: where the feature stands in the input's data.
        edges: ascending cut points of a number; empty: every distinct value is a slice. With edges
            30 and 50 the slices are `<30`, `30..50` (closed below) and `>=50`.
    """

    name: str
    form: ValueForm
    edges: tuple[float, ...] = ()


@dataclass(frozen=True)
class AmountFeature:
    """An input feature that says how much money a prediction is about.

    Attributes:
        form: where the feature stands in the input's data.
        decimals: digits after the point that count: amounts are kept in units of 10^-decimals.
    """

    form: ValueForm
    decimals: int


@dataclass(frozen=True)
class CaptureFormat:
    """How an endpoint's capture records hold scores, slice features and amounts.

    Attributes:
        scores: one form for each content type the endpoint answers in.
        classes: names of the classes of a score list, in its order; empty: one score.
        positive_label: class_label of the rows when there is one score.
        slices: features that slice the traffic.
        amount: the feature that money depends on; None where it depends on the outcome alone.
    """

    scores: tuple[ValueForm, ...]
    positive_label: str
    classes: tuple[str, ...] = ()
    slices: tuple[SliceFeature, ...] = ()
    amount: Optional[AmountFeature] = None

    @property
    def features(self) -> tuple[ValueForm, ...]:
        """Where everything stands that is read of the input: slices, then the amount."""
        amount = (self.amount.form,) if self.amount else ()
        return (*(feature.form for feature in self.slices), *amount)


@dataclass(frozen=True)
class RawPredictionsArguments:
    """What the job that compacts a captured day is told.

    Attributes:
        day: UTC day of the capture folders, `YYYY-MM-DD`.
        capture_root: folder of the endpoint's captures; its variants are the folders below.
        output: folder of the day's partition of raw_predictions.
        capture: how records hold scores and slice features.
        max_files: most objects of a unit of work.
        max_bytes: most bytes of a unit of work.
        run_id: unique name of the run.
        attempt: which attempt of the run this is, from 0.
        recompute: read every unit again, also those that are finished and unchanged.
        plain: read all lines in Spark's own expressions, without the native reader.
    """

    day: str
    capture_root: str
    output: str
    capture: CaptureFormat
    max_files: int
    max_bytes: int
    run_id: str
    attempt: int = 0
    recompute: bool = False
    plain: bool = False


@dataclass(frozen=True)
class ConfusionCountsArguments:
    """What the job that joins labels and counts is told.

    Attributes:
        day: UTC day of the predictions, `YYYY-MM-DD`.
        predictions: folder of the day's partition of raw_predictions.
        earlier_predictions: the same of the days before in the label window, newest first, whether
            published or not.
        ground_truth_root: folder of the labels, `yyyy/mm/dd/hh/` below.
        label_days: days whose label folders are read, `YYYY-MM-DD`, ascending.
        max_files: most files of labels whose names are held at once.
        labels: where labels stand in the data; JSON forms are tried in their order.
        positive_label: the label that is positive when there is one score.
        negative_label: the only other legal label; "" makes every other label negative.
        classes: names of the classes; empty when there is one score.
        slices: names of the slice features, in settings order.
        crosses: crossed slices, each as names of features.
        max_slices: most slice values before the job refuses.
        octaves: see `ThresholdGrid`.
        bits: see `ThresholdGrid`.
        output: folder for the result of this attempt.
        plain: read all labels in Spark's own expressions, without the native reader.
        pairs_at: grid threshold at which pairs of variants are told apart exactly; -1 where
            variants do not score the same events, and then no pairs are counted.
        amounts: add up amounts too.
    """

    day: str
    predictions: str
    earlier_predictions: tuple[str, ...]
    ground_truth_root: str
    label_days: tuple[str, ...]
    max_files: int
    labels: tuple[ValueForm, ...]
    positive_label: str
    negative_label: str
    classes: tuple[str, ...]
    slices: tuple[str, ...]
    crosses: tuple[tuple[str, ...], ...]
    max_slices: int
    octaves: int
    bits: int
    output: str
    plain: bool = False
    pairs_at: int = -1
    amounts: bool = False


Arguments = Union[RawPredictionsArguments, ConfusionCountsArguments]
JOBS = {"raw_predictions": RawPredictionsArguments, "confusion_counts": ConfusionCountsArguments}


def to_json(arguments: Arguments) -> str:
    """Arguments as one line of JSON."""
    return json.dumps(asdict(arguments), sort_keys=True)


def work_digest(arguments: Arguments) -> str:
    """What two attempts at the same work have in common, and nothing else has."""
    compacts = isinstance(arguments, RawPredictionsArguments)
    own = ("run_id", "attempt") if compacts else ("output",)
    same = {key: value for key, value in asdict(arguments).items() if key not in own}
    return hashlib.sha256(json.dumps(same, sort_keys=True).encode()).hexdigest()


def packed(text: str) -> str:
    """A text as one word of letters, digits and `+/=`, as Dagster Pipes packs its parameters.

    YARN replaces `{{` and `}}` in arguments and shells replace more, so JSON does not go as it is.
    """
    return base64.b64encode(zlib.compress(text.encode())).decode()


def unpacked(word: str) -> str:
    """The text of `packed`."""
    return zlib.decompress(base64.b64decode(word)).decode()


def job_of(arguments: Arguments) -> str:
    """Name of the job that the arguments belong to."""
    return next(name for name, kind in JOBS.items() if isinstance(arguments, kind))


def from_json(job: str, text: str) -> Arguments:
    """Arguments of the named job from their JSON.

    Raises:
        KeyError: there is no such job, or the job has no such argument.
        TypeError: an argument is missing.
    """
    return cast("Arguments", _built(JOBS[job], json.loads(text)))


def _built(kind: Any, value: Any) -> Any:
    """Rebuild dataclasses and tuples, which JSON knows as objects and lists."""
    origin = get_origin(kind)
    if value is None:
        return None
    if origin is Union:
        return _built(get_args(kind)[0], value)
    if origin is tuple:
        return tuple(_built(get_args(kind)[0], item) for item in value)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{name: _built(hints[name], item) for name, item in value.items()})
    return value

"""The reading rules of capture lines once more, in plain Python: slow, obvious, strict.

What belongs here: what a line becomes, without any code of the Spark layer but the description of
the format. What does not: values inside a payload (`plain_values`), and the comparison (the tests).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from ml_insights_tests.spark.plain_values import (
    decoded,
    json_value,
    leaf,
    media_type,
    members,
    values_of,
)

if TYPE_CHECKING:
    from ml_insights.spark.arguments import (
        AmountFeature,
        CaptureFormat,
        SliceFeature,
        ValueForm,
    )

DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
BLANKS = " \t\r\n"


class Prediction(NamedTuple):
    """A score in [0, 1] of a prediction, and where it stands in its record."""

    event_id: bytes
    position: int
    of: int
    class_label: str
    score: float
    slices: tuple[str, ...]
    amount: int | str | None = None
    """Or why there is none; None where no amount is asked for."""


class RejectedError(Exception):
    """The line is rejected; its argument is the reason."""


def read_line(line: bytes, capture: CaptureFormat) -> list[Prediction | str]:
    """The scores of a line, or instead of those of a prediction the reason why it is rejected.

    Raises:
        RejectedError: the line is rejected as a whole.
    """
    output, request, event_id = parsed(line, wanted_input=bool(capture.features))
    if event_id is None:
        raise RejectedError("no_event_id")
    if output.get("data") is None:
        raise RejectedError("no_output")
    answers = answers_of(output, capture)
    if not answers:
        raise RejectedError("no_predictions")
    features = [feature_values(request, form, len(answers)) for form in capture.features]
    found: list[Prediction | str] = []
    for index, answer in enumerate(answers):
        scores = answer if capture.classes else [answer]
        slices = tuple(
            slice_value(values[index], feature)
            for values, feature in zip(features, capture.slices, strict=False)
        )
        amount = amount_of(features[-1][index], capture.amount) if capture.amount else None
        reason = answer_reason(scores, capture)
        found += (
            [reason]
            if reason
            else [
                Prediction(
                    event_id, index, len(answers), label, float(plain(score)) + 0.0, slices, amount
                )
                for label, score in zip(
                    capture.classes or [capture.positive_label], scores, strict=True
                )
            ]
        )
    return found


def parsed(
    line: bytes, *, wanted_input: bool
) -> tuple[dict[str, Any], dict[str, Any], bytes | None]:
    """Endpoint output, endpoint input and event id of a line; what is absent is empty."""
    try:
        text = line.decode()
        record = json_value(text)
        if not isinstance(record, dict):
            raise RejectedError("malformed_json")
        sides, metadata = members(record, "captureData"), members(record, "eventMetadata")
        request = members(sides, "endpointInput") if wanted_input else {}
        ids = [leaf(metadata.get(name)) for name in ("inferenceId", "eventId")]
        return members(sides, "endpointOutput"), request, event_key(ids[0] or ids[1])
    except UnicodeDecodeError:
        raise RejectedError("not_utf8") from None
    except ValueError:
        raise RejectedError("malformed_json" if text.strip(BLANKS) else "empty_line") from None


def event_key(event_id: str | None) -> bytes | None:
    if not event_id:
        return None
    if re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", event_id):
        return UUID(event_id).bytes
    key = event_id.encode()
    return b"\0" + key if len(key) == 16 else key


def answers_of(output: dict[str, Any], capture: CaptureFormat) -> list[Any] | None:
    encoding = (leaf(output.get("encoding")) or "").strip(" ").upper()
    if encoding not in {"CSV", "JSON", "BASE64"}:
        raise RejectedError("unknown_encoding")
    text = decoded(output)
    if text is None:
        raise RejectedError("bad_base64")
    observed = media_type(output)
    forms = {form.content_type: form for form in reversed(capture.scores)}
    if observed is not None and observed not in forms:
        raise RejectedError("unexpected_content_type")
    form = capture.scores[0] if observed is None else forms[observed]
    return values_of(text, form, lists=bool(capture.classes))


def answer_reason(scores: list[str | None] | None, capture: CaptureFormat) -> str | None:
    """Why a prediction is rejected: for its number of scores, else for its first bad one."""
    if scores is None or len(scores) != len(capture.classes or [capture.positive_label]):
        return "wrong_class_count"
    return next(filter(None, map(score_reason, scores)), None)


def score_reason(score: str | None) -> str | None:
    text = plain(score)
    if not text:
        return "score_missing"
    if text.lower() in {"nan", "+nan", "-nan"}:
        return "score_nan"
    if not DECIMAL.fullmatch(text):
        return "score_not_a_number"
    if float(text) < 0:
        return "score_below_0"
    return "score_above_1" if float(text) > 1 else None


def plain(value: str | None) -> str:
    return (value or "").strip(BLANKS + '"')


def amount_of(value: str | None, feature: AmountFeature) -> int | str:
    """The amount, in units of its last decimal, or why it is not usable."""
    text = plain(value)
    if not text:
        return "amount_missing"
    if not DECIMAL.fullmatch(text):
        return "amount_not_a_number"
    if float(text) < 0:
        return "amount_below_0"
    scaled = float(text) * 10.0**feature.decimals
    return round(scaled) if scaled <= 1e15 else "amount_too_large"


def feature_values(request: dict[str, Any], form: ValueForm, count: int) -> list[str | None]:
    """A value for each prediction, all None unless the input has as many rows."""
    text = decoded(request)
    of_form = media_type(request) in {None, form.content_type}
    values = values_of(text, form) if text is not None and of_form else None
    return values if values is not None and len(values) == count else [None] * count


def slice_value(value: str | None, feature: SliceFeature) -> str:
    text = plain(value)
    if not text:
        return "(missing)"
    if not feature.edges:
        return text
    if not DECIMAL.fullmatch(text):
        return "(not a number)"
    below = [edge for edge in feature.edges if edge <= float(text)]
    above = [edge for edge in feature.edges if edge > float(text)]
    if not below:
        return f"<{above[0]:.15g}"
    return f"{below[-1]:.15g}..{above[0]:.15g}" if above else f">={below[-1]:.15g}"

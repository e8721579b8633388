"""Precision-recall curves as a tiny picture for the Dagster UI.

What belongs here: rendering the page's own chart without a browser, and reducing the result to the
few paths that fit where the Dagster UI shows Markdown inline, which is below 1,000 characters.
What does not: what the chart looks like (`curve_charts`).
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import vl_convert

from ml_insights.contracts import ALL_RECORDS
from ml_insights.dashboard.chart_style import Spec, colours
from ml_insights.dashboard.curve_charts import precision_recall_chart
from ml_insights.variants import in_order

INLINE_CHARACTERS = 999
"""The Dagster UI shows Markdown inline when it is no longer than this."""

TINY_VARIANTS = 3
"""So many curves stay readable, and fit, in the tiny picture."""

Point = tuple[int, int]
_SIDE = 200
_COLOUR_NAMES = ("blue", "orange", "green")  # the first of the palette


def curve_picture(curves: pa.Table) -> str:
    """The day's curves as Markdown that the Dagster UI shows inline.

    Precision (upwards) over recall (to the right), both from 0 to 1, of all records of the newest
    day and the first class, for the first three variants.

    Args:
        curves: Rows of `precision_recall` that have a display_rank, with `dt`.

    Returns:
        Markdown of at most `INLINE_CHARACTERS` characters; a sentence if there is no curve.
    """
    rows = _drawn_rows(curves)
    variants = in_order(row["variant"] for row in rows)
    if not variants:
        return "No precision-recall curve: no labelled positive."
    shown = variants[:TINY_VARIANTS]
    lines = _drawn_lines([row for row in rows if row["variant"] in shown], shown)
    # Half a pixel is rounding; from there on, as many points as fit.
    tolerances = (step / 2 for step in range(1, 2 * _SIDE))
    pictures = (_markdown(_svg(lines, by), shown, len(variants)) for by in tolerances)
    return next(text for text in pictures if len(text) <= INLINE_CHARACTERS)


def _markdown(svg: str, shown: Sequence[str], variants: int) -> str:
    """An image and, under it, what the axes and colours are."""
    names = [f"{colour} {_short(v)}" for colour, v in zip(_COLOUR_NAMES, shown, strict=False)]
    more = f" (of {variants} variants)" if variants > len(shown) else ""
    image = f"![precision-recall](data:image/svg+xml;base64,{b64encode(svg.encode()).decode()})"
    return f"{image}\n\nPrecision ↑ recall →: {', '.join(names)}{more}"


def _drawn_rows(curves: pa.Table) -> list[dict[str, Any]]:
    """Points of the newest day, all records, first class, by rank."""
    drawn = curves.filter(
        pc.and_(
            pc.is_valid(curves.column("display_rank")),
            pc.equal(curves.column("slice"), ALL_RECORDS),
        )
    )
    for column, choose in (("dt", pc.max), ("class_label", pc.min)):
        drawn = drawn.filter(pc.equal(drawn.column(column), choose(drawn.column(column))))
    names = ["variant", "threshold", "precision", "precision_low", "precision_high", "recall", "f1"]
    rows: list[dict[str, Any]] = drawn.sort_by("display_rank").select(names).to_pylist()
    return [{**row, "rank": rank} for rank, row in enumerate(rows)]


def _filled(rows: list[dict[str, Any]], variants: Sequence[str]) -> Spec:
    """The page's chart, holding its data, in the size of the picture."""
    sources = {"curves": rows, "operating": [], "chosen": []}
    chart = _still_chart(tuple(variants))
    return {**chart, "width": _SIDE, "height": _SIDE, "autosize": "pad", "datasets": sources}


@lru_cache(maxsize=16)
def _still_chart(variants: tuple[str, ...]) -> Spec:
    """The same for all days of the same variants."""
    return precision_recall_chart(variants, still=True)


def _drawn_lines(
    rows: list[dict[str, Any]], variants: Sequence[str]
) -> list[tuple[str, list[Point]]]:
    """Colour and whole-pixel points of each line mark of the rendered chart."""
    rendered = vl_convert.vegalite_to_scenegraph(_filled(rows, variants))
    order = list(colours(variants).values())
    lines = [
        (mark["items"][0]["stroke"], [(round(i["x"]), round(i["y"])) for i in mark["items"]])
        for mark in _marks(rendered["scenegraph"])
        if mark["marktype"] == "line" and mark["items"]
    ]
    return sorted(lines, key=lambda line: order.index(line[0]))


def _marks(mark: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A mark of the scene graph and everything inside it."""
    yield mark
    for item in mark["items"]:
        for inner in item.get("items", []):
            yield from _marks(inner)


def _svg(lines: Sequence[tuple[str, list[Point]]], tolerance: float) -> str:
    """Frame, half lines and curves, each curve within `tolerance` pixels of its points."""
    paths = "".join(
        f'<path stroke="{colour}" d="{_path(_simplified(points, tolerance))}"/>'
        for colour, points in lines
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-2 -2 204 204" width="240" fill="none" '
        'stroke-width="2">'
        f'<path stroke="#ddd" d="M0 100h200M100 0v200M0 0v200h200"/>{paths}</svg>'
    )


def _path(points: Sequence[Point]) -> str:
    """SVG path of whole-pixel points: absolute start, then relative steps."""
    (x, y), steps = points[0], [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points)]
    numbers = "".join(f" {n}" for step in steps for n in step).replace(" -", "-").lstrip()
    return f"M{x} {y}l{numbers}" if steps else f"M{x} {y}h2"


def _simplified(points: Sequence[Point], tolerance: float) -> list[Point]:
    """Drop points that lie within `tolerance` of the line without them (Ramer-Douglas-Peucker)."""
    (x1, y1), (x2, y2) = points[0], points[-1]
    length = math.hypot(x2 - x1, y2 - y1) or 1.0
    distances = [abs((x2 - x1) * (y1 - y) - (x1 - x) * (y2 - y1)) / length for x, y in points]
    farthest = max(range(len(points)), key=distances.__getitem__)
    if distances[farthest] <= tolerance:
        return [points[0], points[-1]] if points[0] != points[-1] else [points[0]]
    left = _simplified(points[: farthest + 1], tolerance)
    return left[:-1] + _simplified(points[farthest:], tolerance)


def _short(name: str) -> str:
    """A name that fits the caption and cannot be Markdown or HTML."""
    plain = "".join(c if c.isalnum() or c in "-_. " else "·" for c in name)
    return plain if len(plain) <= 24 else f"{plain[:23]}…"

"""The small picture for the Dagster UI and the full one."""

from __future__ import annotations

import re
from base64 import b64decode
from itertools import pairwise
from xml.etree import ElementTree as ET

import pyarrow.compute as pc
import pytest

from ml_insights.contracts import PRECISION_RECALL
from ml_insights.dashboard.picture import INLINE_CHARACTERS, curve_picture
from ml_insights_tests.dashboard.synthetic import Tables, arrow, build_tables


def svg_of(markdown: str) -> str:
    [image] = re.findall(r"!\[[^\]]*\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)", markdown)
    return b64decode(image).decode()


def curve_paths(markdown: str) -> dict[str, str]:
    """Stroke and path of each curve; the first path is the frame."""
    picture = ET.fromstring(svg_of(markdown))  # noqa: S314 (our own picture)
    paths = picture.findall("{http://www.w3.org/2000/svg}path")
    return {path.attrib["stroke"]: path.attrib["d"] for path in paths[1:]}


def vertices(path: str) -> list[tuple[int, int]]:
    """Absolute points of `M x y l dx dy dx dy ...`."""
    numbers = [int(n) for n in re.findall(r"-?\d+", path)]
    x, y = numbers[:2]
    points = [(x, y)]
    for dx, dy in zip(numbers[2::2], numbers[3::2], strict=True):
        x, y = x + dx, y + dy
        points.append((x, y))
    return points


@pytest.mark.parametrize("variants", [1, 2, 3, 8])
@pytest.mark.parametrize("length", [1, 63])
def test_the_picture_is_short_enough_to_be_shown_inline(variants: int, length: int) -> None:
    names = [chr(ord("a") + n) * length for n in range(variants)]
    curves = build_tables(days=1, variants=names, slices=("all",)).curves
    markdown = curve_picture(curves)
    assert len(markdown) <= INLINE_CHARACTERS < 1000
    assert len(curve_paths(markdown)) == min(variants, 3)


def test_a_jagged_curve_still_fits(one_day: Tables) -> None:
    rows = one_day.curves.to_pylist()
    for row in rows:
        if row["precision"] is not None:
            row["precision"] *= 0.3 if row["display_rank"] % 2 else 1.0
    assert len(curve_picture(arrow(PRECISION_RECALL, rows))) <= INLINE_CHARACTERS


def test_the_reduced_curve_stays_near_every_point_of_the_table(one_day: Tables) -> None:
    paths = curve_paths(curve_picture(one_day.curves))
    for variant, stroke in (("champion", "#0b62a4"), ("challenger", "#d9650b")):
        line = vertices(paths[stroke])
        for row in one_day.curves.to_pylist():
            if row["variant"] == variant and row["precision"] is not None:
                point = (200 * row["recall"], 200 * (1 - row["precision"]))
                assert min(distance(point, a, b) for a, b in pairwise(line)) < 2.5


def distance(
    point: tuple[float, float], start: tuple[float, float], end: tuple[float, float]
) -> float:
    """From a point to the nearest point of a line between two points."""
    run = (end[0] - start[0], end[1] - start[1])
    along = (point[0] - start[0]) * run[0] + (point[1] - start[1]) * run[1]
    part = max(0.0, min(1.0, along / (run[0] ** 2 + run[1] ** 2)))
    near = (start[0] + part * run[0], start[1] + part * run[1])
    return float(((point[0] - near[0]) ** 2 + (point[1] - near[1]) ** 2) ** 0.5)


def test_the_caption_names_axes_variants_and_what_is_left_out() -> None:
    curves = build_tables(days=1, variants="abcde", slices=("all",), points=20).curves
    caption = curve_picture(curves).split("\n\n")[1]
    assert caption == "Precision ↑ recall →: blue a, orange b, green c (of 5 variants)"


def test_only_all_records_of_the_newest_day_are_drawn() -> None:
    tables = build_tables(days=3, slices=("all", "region=EU"), points=40)
    newest = tables.curves.filter(
        pc.and_(
            pc.equal(tables.curves["dt"], pc.max(tables.curves["dt"])),
            pc.equal(tables.curves["slice"], "all"),
        )
    )
    assert curve_picture(tables.curves) == curve_picture(newest)


@pytest.mark.parametrize("keep", [0, 1, 2])
def test_curves_of_hardly_any_point_are_no_error(one_day: Tables, keep: int) -> None:
    markdown = curve_picture(one_day.curves.slice(100, keep))
    assert ("base64" in markdown) == (keep > 0)
    assert keep or markdown.startswith("No precision-recall curve")


def test_a_curve_without_any_defined_precision_is_an_empty_frame(one_day: Tables) -> None:
    undefined = {"precision": None, "precision_low": None, "precision_high": None}
    rows = [{**row, **undefined} for row in one_day.curves.slice(0, 5).to_pylist()]
    assert curve_paths(curve_picture(arrow(PRECISION_RECALL, rows))) == {}


def test_a_name_cannot_be_markdown_or_html() -> None:
    curves = build_tables(days=1, variants=["![x](y)<b>|"], slices=("all",), points=20).curves
    caption = curve_picture(curves).split("\n\n")[1]
    assert not set("![]()<>|*`") & set(caption)

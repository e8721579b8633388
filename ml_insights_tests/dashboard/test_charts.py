"""The chart specifications: valid Vega-Lite that draws what its data says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import vl_convert

from ml_insights.dashboard.chart_style import MARKS, PALETTE, colours, shapes
from ml_insights.dashboard.charts import SOURCES, page_charts
from ml_insights.variants import in_order

VARIANTS = ["champion", "challenger"]
DAYS = ["2026-11-07", "2026-11-08", "2026-11-09", "2026-11-10"]


@cache
def charts() -> dict[str, dict[str, Any]]:
    """All charts, made when a test asks and not at collection, for Altair takes its time."""
    return page_charts(VARIANTS, DAYS)


def rendered(name: str, **data: list[dict[str, Any]]) -> dict[str, Any]:
    """Scene graph of a chart with the given data, other sources empty."""
    empty: dict[str, list[dict[str, Any]]] = {source: [] for source in SOURCES}
    spec = {**charts()[name], "width": 300, "autosize": "pad", "datasets": {**empty, **data}}
    scene: dict[str, Any] = vl_convert.vegalite_to_scenegraph(spec)["scenegraph"]
    return scene


def marks(scene: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Marks that stand for data, at any depth."""
    if scene["role"] == "mark":
        yield scene
    for item in scene["items"]:
        for inner in item.get("items", []):
            yield from marks(inner)


def curve(variant: str, precisions: list[float | None]) -> list[dict[str, Any]]:
    """Points of a curve with the given precisions and rising recall."""
    return [
        {
            "variant": variant,
            "rank": rank,
            "threshold": 0.9 - rank / 10,
            "recall": rank / 10,
            "recall_low": rank / 10,
            "recall_high": rank / 10,
            "precision": precision,
            "precision_low": precision and precision - 0.1,
            "precision_high": precision and precision + 0.1,
            "f1": 0.5,
            "prevalence": 0.1,
        }
        for rank, precision in enumerate(precisions)
    ]


def day(variant: str, at: int, value: float | None, *, provisional: bool = False) -> dict[str, Any]:
    ratios = ("precision", "recall", "f1", "average_precision")
    ends = ("", "_low", "_high", "_limit_low", "_limit_high")
    row: dict[str, Any] = {f"{ratio}{end}": value for ratio in ratios for end in ends}
    return {
        "variant": variant,
        "day": DAYS[at],
        "has_values": True,
        "provisional": provisional,
        **row,
    }


def test_every_specification_compiles_without_data() -> None:
    for name, chart in charts().items():
        vega = vl_convert.vegalite_to_vega({**chart, "width": 300})
        named = {data["name"] for data in vega["data"]}
        text = json.dumps(chart)
        used = {source for source in SOURCES if f'"name": "{source}"' in text}
        assert used, name
        assert used <= named, name


def test_every_chart_without_data_still_renders() -> None:
    for name in charts():
        assert not [item for mark in marks(rendered(name)) for item in mark["items"]], name


def test_every_source_is_used_by_some_chart() -> None:
    text = json.dumps(charts())
    assert all(f'"name": "{source}"' in text for source in SOURCES)


def test_each_variant_has_a_line_and_a_band_in_its_colour() -> None:
    points = curve("champion", [0.9, 0.8]) + curve("challenger", [0.7, 0.6])
    scene = rendered("precision_recall", curves=points)
    drawn = [mark for mark in marks(scene) if mark["items"]]
    strokes = {m["items"][0]["stroke"] for m in drawn if m["marktype"] == "line"}
    fills = {m["items"][0]["fill"] for m in drawn if m["marktype"] == "area"}
    assert strokes == fills == set(colours(VARIANTS).values())


def test_a_point_without_precision_is_not_drawn() -> None:
    scene = rendered("precision_recall", curves=curve("champion", [None, 0.9, 0.8]))
    [line] = [mark for mark in marks(scene) if mark["marktype"] == "line" and mark["items"]]
    assert [round(item["x"]) for item in line["items"]] == [30, 60]


def test_a_curve_is_drawn_in_the_order_of_its_thresholds_where_recall_stands_still() -> None:
    points = curve("champion", [0.9, 0.5, 0.7])
    for point in points:
        point["recall"] = 0.4
    scene = rendered("precision_recall", curves=points[::-1])
    [line] = [mark for mark in marks(scene) if mark["marktype"] == "line" and mark["items"]]
    heights = [item["y"] for item in line["items"]]
    assert heights == sorted(heights, key=[heights[0], heights[1], heights[2]].index)
    assert heights[0] < heights[2] < heights[1]


def test_operating_and_chosen_points_are_drawn_for_each_variant() -> None:
    points = curve("champion", [0.9]) + curve("challenger", [0.8])
    scene = rendered("precision_recall", operating=points, chosen=points)
    symbols = Counter(
        item["shape"] for mark in marks(scene) for item in mark["items"] if "shape" in item
    )
    assert symbols == {"diamond": 2, "circle": 1, "square": 1}


def test_provisional_days_are_hollow() -> None:
    rows = [day("champion", 0, 0.8), day("champion", 1, 0.7, provisional=True)]
    scene = rendered("trend_recall", days=rows)
    fills = [item["fill"] for mark in marks(scene) for item in mark["items"] if "shape" in item]
    assert fills == [PALETTE[0], "white"]


def test_money_of_the_days_breaks_where_there_is_none_and_is_hollow_where_provisional() -> None:
    values = (120.0, None, 80.0, 90.0)
    rows = [
        {
            "variant": "champion",
            "day": day,
            "provisional": day == DAYS[-1],
            **{f"operating_value{end}": value for end in ("", "_low", "_high")},
        }
        for day, value in zip(DAYS, values, strict=True)
    ]
    scene = rendered("value_days", value_days=rows)
    [line] = [mark for mark in marks(scene) if mark["marktype"] == "line"]
    assert [item.get("defined", True) for item in line["items"]] == [True, False, True, True]
    fills = [item["fill"] for mark in marks(scene) for item in mark["items"] if "shape" in item]
    assert fills == [PALETTE[0], PALETTE[0], "white"]


def test_a_trend_breaks_at_an_undefined_day_and_says_so() -> None:
    rows = [day("champion", at, value) for at, value in enumerate([0.8, 0.7, None, 0.6])]
    scene = rendered("trend_precision", days=rows)
    [line] = [mark for mark in marks(scene) if mark["marktype"] == "line"]
    assert [item.get("defined", True) for item in line["items"]] == [True, True, False, True]
    texts = [item for mark in marks(scene) if mark["marktype"] == "text" for item in mark["items"]]
    assert [item["text"] for item in texts] == ["n/d"]


def test_a_day_without_a_row_of_its_own_is_a_gap_and_not_undefined() -> None:
    rows = [day("champion", 0, 0.8), {"variant": "champion", "day": DAYS[1]}]
    scene = rendered("trend_f1", days=rows)
    assert not [i for mark in marks(scene) if mark["marktype"] == "text" for i in mark["items"]]


def test_every_day_of_the_calendar_has_its_place() -> None:
    scale = charts()["volume_positives"]["layer"][1]["encoding"]["x"]["scale"]
    assert scale["domain"] == DAYS


def test_guaranteed_limits_are_drawn_for_average_precision_only() -> None:
    for ratio in ("precision", "recall", "f1", "average_precision"):
        assert ("_limit_low" in json.dumps(charts()[f"trend_{ratio}"])) == (
            ratio == "average_precision"
        )


def test_the_incumbent_comes_first_and_order_depends_on_names_only() -> None:
    assert in_order(["b", "challenger", "Champion", "b"]) == ["Champion", "b", "challenger"]


def test_eight_variants_have_eight_colours_and_more_have_distinct_signs() -> None:
    eight = [f"v{n}" for n in range(8)]
    assert len(set(colours(eight).values())) == 8
    many = [f"v{n}" for n in range(len(PALETTE) * len(MARKS))]
    signs = {(colours(many)[name], shapes(many)[name]) for name in many}
    assert len(signs) == len(many)

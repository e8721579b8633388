"""Published days as CSV files with a manifest, for QuickSight accounts without Athena.

What belongs here: the files and the manifest. What does not: the data set that reads them.

What each file was written of is kept beside them (`<table>.versions.json`), so that a day that was
restated meanwhile is written anew whichever day is being published, and no other.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

if TYPE_CHECKING:
    from ml_insights.aws.quicksight.shown_tables import DataSet
    from ml_insights.lake import Lake

FOLDER = "quicksight_dataset"
_MOST_FILES = 1000
"""Files that a manifest of QuickSight may name."""
_FORM = "floats without exponents"
"""How values are written; files of another form are written anew."""


@dataclass(frozen=True)
class Manifest:
    """What QuickSight is told to read.

    Attributes:
        key: of the manifest, from the lake's root.
        days: days whose files it names, ascending.
    """

    key: str
    days: list[date]


def write_csv_files(lake: Lake, endpoint: str, data_set: DataSet, most_days: int) -> Manifest:
    """Write the files of days that have none or another content, and the manifest.

    Args:
        lake: where.
        endpoint: whose tables.
        data_set: which columns and rows.
        most_days: newest days that are shown.
    """
    folder = f"{FOLDER}/{data_set.name}"
    versions = lake.versions(endpoint, data_set.table)
    days = list(versions)[-min(most_days, _MOST_FILES) :]
    columns = ",".join(column.name for column in data_set.columns)
    wished = {_name(folder, one): f"{versions[one]} {columns} {_FORM}" for one in days}
    known = f"{FOLDER}/{data_set.name}.versions.json"
    written = json.loads(lake.read_text(endpoint, known) or "{}")
    there = set(lake.texts(endpoint, folder))
    for one in days:
        name = _name(folder, one)
        if name not in there or written.get(name) != wished[name]:
            lake.write_text(endpoint, name, _csv(lake, endpoint, data_set, one))
    lake.write_text(endpoint, known, json.dumps(wished, indent=1))
    uris = [f"{lake.root}/{endpoint}/{_name(folder, one)}" for one in days]
    manifest = {
        "fileLocations": [{"URIs": uris}],
        "globalUploadSettings": {
            "format": "CSV",
            "delimiter": ",",
            "containsHeader": "true",
            "textqualifier": '"',
        },
    }
    key = f"{FOLDER}/{data_set.name}.manifest.json"
    lake.write_text(endpoint, key, json.dumps(manifest, indent=1))
    return Manifest(f"{endpoint}/{key}", days)


def _csv(lake: Lake, endpoint: str, data_set: DataSet, day: date) -> str:
    drawn = pc.field("display_rank").is_valid() if data_set.drawn_rows_only else None
    rows = lake.read_days(endpoint, data_set.table, [day], where=drawn)
    columns = {column.name: _as_text(rows[column.name], column.type) for column in data_set.columns}
    sink = pa.BufferOutputStream()
    pv.write_csv(pa.table(columns), sink)
    return str(sink.getvalue().to_pybytes().decode())


def _as_text(values: pa.ChunkedArray, kind: str) -> pa.ChunkedArray:
    if kind == "boolean":
        return values.cast(pa.int8())
    if kind == "timestamp":
        return pc.strftime(values.cast(pa.timestamp("s")), format="%Y-%m-%d %H:%M:%S")
    return _positional(values) if kind == "float64" else values


def _positional(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Floats as text without exponents, which not every reader knows; every digit stays."""
    texts = values.cast(pa.string()).combine_chunks()
    short = pc.fill_null(pc.match_substring(texts, "e"), fill_value=False)
    written = [
        np.format_float_positional(value, trim="-") for value in values.filter(short).to_pylist()
    ]
    return pc.replace_with_mask(texts, short, pa.array(written, pa.string()))


def _name(folder: str, day: date) -> str:
    return f"{folder}/dt={day:%Y-%m-%d}.csv"

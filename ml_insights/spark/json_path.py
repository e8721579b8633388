"""The small path language of the settings: `predictions[*].score`, `features[4]`, or nothing.

A path is names joined by dots, `[*]` for every element of a list (at most once: the elements are
the predictions of a record), `[n]` for one element. "" is the document itself.

This module travels to the Spark cluster: standard library only, Python 3.9.
"""

from __future__ import annotations

import re
from typing import Union

from ml_insights.errors import SettingsError

EACH = "[*]"
"""The step that leads to every element of a list."""

_STEP = re.compile(r"\.?(?P<name>[^.\[\]]+)|\[(?P<index>[0-9]+)\]|(?P<each>\[\*\])")


def parse_path(path: str) -> list[Union[str, int]]:
    """Steps of a path: a name, a position in a list, or `EACH`.

    >>> parse_path("predictions[*].probabilities[1]")
    ['predictions', '[*]', 'probabilities', 1]
    >>> parse_path("")
    []

    Raises:
        SettingsError: the path is not of this language, or has `[*]` more than once.
    """
    steps: list[Union[str, int]] = []
    position = 0
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None or (position == 0 and path.startswith(".")):
            raise SettingsError(
                f"path {path!r} cannot be read from character {position + 1} on; a path is made of "
                "names joined by dots, [*] for every element of a list and [n] for one element, "
                "such as predictions[*].score"
            )
        if match["each"]:
            steps.append(EACH)
        else:
            steps.append(int(match["index"]) if match["index"] else match["name"])
        position = match.end()
    if steps.count(EACH) > 1:
        raise SettingsError(f"path {path!r} has [*] more than once; it stands for the predictions")
    return steps

"""Environment variables over the settings file: `ML_INSIGHTS__GRID__BITS=8` sets `grid.bits`.

What belongs here: which key a variable means. What does not: whether its value is legal (`model`).

Values are YAML, as in the file. A variable may set any key of the models, but no endpoint that the
file does not have; one that means nothing is a problem, never ignored. This takes the place of
pydantic-settings, which reads values as JSON, ignores unknown variables, and cannot match
`FRAUD_DETECTOR` with the endpoint `fraud-detector`.
"""

from __future__ import annotations

from collections.abc import Mapping

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode

from ml_insights.settings.file import VARIABLE, compose, syntax_problem, tidied
from ml_insights.settings.problems import Problem, unknown_key
from ml_insights.settings.reference import NAME, KeyPath, Reference

PREFIX = "ML_INSIGHTS__"
SEPARATOR = "__"


def with_overrides(
    root: MappingNode, environ: Mapping[str, str], rows: Reference
) -> tuple[MappingNode, list[Problem]]:
    """Lay the variables that start with `ML_INSIGHTS__` over the settings.

    Sections before their keys: a variable for `grid` is applied before one for `grid.bits`.

    Returns:
        New settings, and variables that mean nothing or are not YAML.
    """
    problems: list[Problem] = []
    variables = [name for name in environ if name.startswith(PREFIX)]
    for variable in sorted(variables, key=lambda name: (name.count(SEPARATOR), name)):
        source = VARIABLE + variable
        try:
            value = _value(environ[variable], source)
            problems += tidied(value)
            root = _replaced(root, (), variable.removeprefix(PREFIX), value, rows)
        except yaml.YAMLError as error:
            problems.append(syntax_problem(error, source))
        except _UnknownKeyError as error:
            problems.append(Problem(source, 0, str(error)))
    return root, problems


class _UnknownKeyError(ValueError):
    """A variable names no setting."""


def _value(text: str, source: str) -> Node:
    """Nodes of a variable's value; an empty one is null, as in the file."""
    node = compose(text if text.strip() else "null", source)
    if node is None:
        raise _UnknownKeyError("is only a comment; quote a value that starts with #")
    return node


def _replaced(
    section: MappingNode, path: KeyPath, rest: str, value: Node, rows: Reference
) -> MappingNode:
    """A copy of a section with the value in it; anchors share nodes, so nothing is changed."""
    written = {key.value: (key, node) for key, node in section.value}
    named = (*path, NAME) in rows
    key, below = _key_of(rest.lower(), path, tuple(written) if named else rows[path].keys, rows)
    node = ScalarNode("tag:yaml.org,2002:str", key, value.start_mark, value.end_mark)
    if below:
        empty = MappingNode("tag:yaml.org,2002:map", [], value.start_mark, value.end_mark)
        node, inner = written.get(key, (node, empty))
        if not isinstance(inner, MappingNode):
            raise _UnknownKeyError(f"`{key}` has no keys in the file; set it as a whole")
        value = _replaced(inner, (*path, NAME if named else key), below, value, rows)
    pairs = {**written, key: (node, value)}
    return MappingNode(section.tag, list(pairs.values()), section.start_mark, section.end_mark)


def _key_of(rest: str, path: KeyPath, keys: tuple[str, ...], rows: Reference) -> tuple[str, str]:
    """The key a variable's name goes on with, and what follows it in the name."""
    spelled = {key: key.replace("-", "_").lower() for key in keys}
    fitting = [
        key for key, name in spelled.items() if rest == name or rest.startswith(name + SEPARATOR)
    ]
    if fitting:
        # The longest: `a--b` is a legal endpoint name too, and its variable has `A__B`.
        key = max(fitting, key=len)
        return key, rest[len(key) + len(SEPARATOR) :]
    unknown = rest.split(SEPARATOR, maxsplit=1)[0]
    if (*path, NAME) in rows:
        known = ", ".join(keys) or "none"
        raise _UnknownKeyError(f"the file has no endpoint {unknown!r}; it has: {known}.")
    raise _UnknownKeyError(unknown_key(path, unknown, rows))

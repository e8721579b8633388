"""The settings file as YAML nodes: text exactly as written, and where each piece stands.

What belongs here: YAML syntax, duplicate keys, merges (`<<`), and finding the line of a key. What
does not: which keys are legal (`model`) and other sources of values (`environment`).

YAML would turn `1`, `yes` and `06:30` into a number, a truth value and, in some versions, 390.
Labels need the text, so nodes are never constructed: scalars stay text, and the models convert.
"""

from __future__ import annotations

from pathlib import Path

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ml_insights.errors import SettingsError
from ml_insights.settings.problems import Problem

VARIABLE = "environment variable "
"""Start of the source of nodes that are not from the file."""

_STANDARD = "tag:yaml.org,2002:"
_HINTS = {
    "\\t": "Indent with spaces, not tabs.",
    "'['": 'Quote values with brackets: "predictions[*].score".',
    "alias": 'Quote values that start with * or &: "*".',
    "mapping values": 'Check the indentation, and quote values that hold ": ".',
    "expected <block end>": "Check the indentation: keys of a section start in the same column.",
}


def read_file(path: Path) -> tuple[MappingNode, list[Problem]]:
    """Read a settings file.

    Returns:
        The root, with merges resolved, and problems that do not hinder reading on.

    Raises:
        SettingsError: there is no such file, it cannot be read, or it is not a YAML mapping.
    """
    try:
        root = compose(_text(path), str(path))
        problems = tidied(root) if root else []
    except (yaml.YAMLError, RecursionError) as error:
        raise SettingsError(str(syntax_problem(error, str(path)))) from error
    if root is None or plain(root) is None:
        raise SettingsError(
            f"{path} is empty. It needs at least `endpoints:` with one endpoint below it; "
            "docs/settings.md and ml_insights.example.yaml show how."
        )
    if not isinstance(root, MappingNode):
        raise SettingsError(
            f"{path}:{root.start_mark.line + 1}: the file must be made of `key: value` lines, "
            "such as `deployment: local`."
        )
    return root, problems


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise SettingsError(
            f"There is no settings file {path} (working directory: {Path.cwd()}). Copy "
            "ml_insights.example.yaml to it and adapt it, or name your own file in the environment "
            "variable ML_INSIGHTS_SETTINGS."
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{path} is not UTF-8 text (byte {error.start}). Save it with the encoding UTF-8."
        ) from error
    except OSError as error:
        raise SettingsError(
            f"The settings file {path} cannot be read: {error.strerror}. ML_INSIGHTS_SETTINGS must "
            "name a file that this user may read."
        ) from error


def compose(text: str, source: str) -> Node | None:
    """Nodes of one YAML document; None if it is empty. Every node knows the source and its line.

    Raises:
        yaml.YAMLError: the text is not YAML.
    """
    loader = yaml.SafeLoader(text)
    loader.name = source
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


def syntax_problem(error: yaml.YAMLError | RecursionError, source: str) -> Problem:
    """What is wrong with text that is not YAML, with advice for the usual mistakes."""
    mark = getattr(error, "problem_mark", None)
    words = " ".join(
        str(part) for name in ("context", "problem") if (part := getattr(error, name, None))
    )
    text = words or " ".join(str(error).split())
    advice = [hint for sign, hint in _HINTS.items() if sign in text]
    line = mark.line + 1 if mark and not source.startswith(VARIABLE) else 0
    return Problem(source, line, " ".join([f"not valid YAML: {text}.", *advice]))


def problem_at(node: Node, text: str) -> Problem:
    """A problem of a node, in the file or in a variable (which has no lines)."""
    source = node.start_mark.name
    return Problem(source, 0 if source.startswith(VARIABLE) else node.start_mark.line + 1, text)


def tidied(root: Node) -> list[Problem]:
    """Resolve merges in place, so that every mapping has each key once.

    Returns:
        Keys given twice, and YAML that settings do not use.

    Raises:
        yaml.YAMLError: a merge of something that is no mapping.
        SettingsError: an alias contains itself.
    """
    return _tidied(root, (), ())


def _tidied(node: Node, keys: tuple[str, ...], above: tuple[Node, ...]) -> list[Problem]:
    if any(node is other for other in above):
        raise SettingsError(str(problem_at(node, _named(keys, "the alias contains itself."))))
    above = (*above, node)
    problems = []
    if not node.tag.startswith(_STANDARD):
        text = f"tags such as {node.tag} mean nothing here; quote a value that starts with !"
        problems.append(problem_at(node, _named(keys, text)))
    if isinstance(node, SequenceNode):
        for position, item in enumerate(node.value):
            problems += _tidied(item, (*keys, str(position)), above)
    if isinstance(node, MappingNode):
        problems += _made_unique(node, keys)
        for key, value in node.value:
            problems += _tidied(value, (*keys, key.value), above)
    return problems


def _made_unique(node: MappingNode, keys: tuple[str, ...]) -> list[Problem]:
    problems = []
    first: dict[str, Node] = {}
    for key, _ in node.value:
        if not isinstance(key, ScalarNode):
            text = "a key must be text; quote values that start with { or ["
            problems.append(problem_at(key, _named(keys, text)))
        elif key.value in first:
            line = first[key.value].start_mark.line + 1
            text = f"is given twice, first in line {line}; keep one"
            problems.append(problem_at(key, _named((*keys, key.value), text)))
        else:
            first[key.value] = key
    node.value = [pair for pair in node.value if isinstance(pair[0], ScalarNode)]
    yaml.SafeLoader("").flatten_mapping(node)
    node.value = list({key.value: (key, value) for key, value in node.value}.values())
    return problems


def _named(keys: tuple[str, ...], text: str) -> str:
    return f"{'.'.join(keys)}: {text}" if keys else text


def plain(node: Node) -> object:
    """Mappings, lists, texts as written, and None for what YAML calls null."""
    if isinstance(node, MappingNode):
        return {key.value: plain(value) for key, value in node.value}
    if isinstance(node, SequenceNode):
        return [plain(item) for item in node.value]
    return None if node.tag == f"{_STANDARD}null" else node.value


def locate(root: Node, place: tuple[str | int, ...]) -> tuple[Node, str]:
    """Find what a validation error is about.

    Args:
        root: the settings.
        place: the error's location; may name a key that is missing, positions in a list that the
            user wrote as a single entry, and parts that are no keys.

    Returns:
        The innermost key or list entry that is written down, and the full key as users know it.
    """
    node = found = root
    name = ""
    for step in place:
        if isinstance(node, MappingNode):
            pair = next((pair for pair in node.value if pair[0].value == step), None)
            if pair:
                found, node = pair
            if pair or str(step).isidentifier():
                name = f"{name}.{step}" if name else str(step)
        elif isinstance(node, SequenceNode) and isinstance(step, int):
            found = node = node.value[step]
            name += f"[{step}]"
    return found, name

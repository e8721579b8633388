"""Whose a resource is: ours if it bears the mark of this installation, else somebody else's.

What belongs here: the mark and the refusal of a resource without it. What does not: where a service
keeps the mark, in tags, parameters or a description, which each service's module knows.
"""

from __future__ import annotations

from ml_insights.errors import AwsPermanentError

MARK = "ml_insights:installation"
"""Key of the tag; its value is `quicksight.prefix`."""


def refuse_foreign(what: str, owner: str | None, installation: str, remedy: str) -> None:
    """Make sure that a resource which exists was made by this installation.

    Args:
        what: kind and name of the resource; begins the message.
        owner: the installation that it says it is of; None if it says nothing.
        installation: this one.
        remedy: how to avoid it, and how to make it ours on purpose.

    Raises:
        AwsPermanentError: it was not.
    """
    if owner == installation:
        return
    found = f"is of installation {owner!r}" if owner else "bears no mark of an installation"
    raise AwsPermanentError(
        f"{what} exists, but this installation did not make it: it {found}. {remedy}",
        code="ForeignResource",
    )

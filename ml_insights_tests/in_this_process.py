"""A pool of processes that is none, for tests of what its work is and not of where it runs."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from ml_insights.errors import MlInsightsError


class InThisProcess(Executor):
    """Takes the place of the pool: what is submitted is done at once."""

    def __init__(
        self, _workers: int, _context: object, begin: Callable[..., None], given: tuple[Any, ...]
    ) -> None:
        begin(*given)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except MlInsightsError as error:
            future.set_exception(error)
        return future

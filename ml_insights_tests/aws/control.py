"""The control path of the server: what tests do in process, for a server of its own.

What belongs here: faults, clock and log of calls over HTTP. What does not: what they do.

    POST   /_stand-in/faults   attributes of `faults.Fault` as JSON, operation and service by name
    GET    /_stand-in/faults   all faults with their hits;  DELETE forgets them
    GET    /_stand-in/calls    the log of calls;            DELETE forgets it
    POST   /_stand-in/clock    {"advance_seconds": 3600}
    POST   /_stand-in/forget   forget all state, moto's too
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from werkzeug import Request, Response

from ml_insights_tests.aws.faults import Fault

if TYPE_CHECKING:
    from ml_insights_tests.aws.server import StandIn

PREFIX = "/_stand-in/"


def control(stand_in: StandIn, request: Request) -> Response:
    """Do what a request on the control path asks for."""
    asked = f"{request.method} {request.path.removeprefix(PREFIX)}"
    account = stand_in.account
    try:
        if asked == "POST faults":
            account.faults.inject(Fault(**request.get_json()))
        elif asked == "DELETE faults":
            account.faults.clear()
        elif asked == "DELETE calls":
            stand_in.calls.clear()
        elif asked == "POST clock":
            account.clock.advance(timedelta(seconds=request.get_json()["advance_seconds"]))
        elif asked == "POST forget":
            stand_in.forget()
        elif asked == "GET faults":
            return _json([asdict(fault) for fault in account.faults.all()])
        elif asked == "GET calls":
            return _json([asdict(call) for call in stand_in.calls])
        else:
            return _json({"error": f"there is no {asked}"}, 404)
    except (TypeError, KeyError, ValueError) as error:
        return _json({"error": str(error)}, 400)
    return _json({"now": account.clock.now()})


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value, default=str), status, content_type="application/json")

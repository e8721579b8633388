"""Errors a service answers, in the form of each AWS protocol.

What belongs here: one exception class and how it is written on the wire. What does not: when a
service refuses (`shapes` and the service classes).
"""

from __future__ import annotations

import json
from typing import Any
from xml.sax.saxutils import escape

from werkzeug import Response


class AwsError(Exception):
    """An error as AWS answers it.

    Attributes:
        code: name of the error, such as `ResourceNotFoundException`.
        message: what a user reads.
        status: HTTP status; None takes the one of the service's model, or 400.
        members: further members of the error's shape, such as `ResourceType`.
    """

    def __init__(self, code: str, message: str, status: int | None = None, **members: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members = members


def error_response(model: Any, error: AwsError, request_id: str) -> Response:
    """The error as the service's protocol carries it; `model` is botocore's service model."""
    status = error.status or _modelled_status(model, error.code)
    headers = {"x-amzn-RequestId": request_id, "x-amz-request-id": request_id}
    if "xml" in model.protocol or model.protocol in {"query", "ec2"}:
        text = _xml(model.protocol, error, request_id, "Sender" if status < 500 else "Receiver")
        return Response(text, status, {**headers, "Content-Type": "text/xml"})
    body = {"__type": error.code, "message": error.message, **error.members}
    if "Message" in _members(model, error.code):
        body["Message"] = body.pop("message")
    if "RequestId" in _members(model, error.code):
        body["RequestId"] = request_id
    if model.protocol == "rest-json":
        headers["x-amzn-ErrorType"] = str(body.pop("__type"))
    return Response(json.dumps(body), status, headers, content_type="application/x-amz-json-1.1")


def _xml(protocol: str, error: AwsError, request_id: str, fault: str) -> str:
    inner = f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
    if protocol == "rest-xml":
        return f"<Error>{inner}<RequestId>{request_id}</RequestId></Error>"
    typed = f"<Error><Type>{fault}</Type>{inner}</Error>"
    return f"<ErrorResponse>{typed}<RequestId>{request_id}</RequestId></ErrorResponse>"


def _modelled_status(model: Any, code: str) -> int:
    if code not in model.shape_names:
        return 400
    error = model.shape_for(code).metadata.get("error", {})
    return int(error.get("httpStatusCode", 400))


def _members(model: Any, code: str) -> Any:
    return model.shape_for(code).members if code in model.shape_names else ()

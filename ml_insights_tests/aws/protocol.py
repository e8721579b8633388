"""HTTP requests and answers of AWS services, by botocore's service models.

What belongs here: which service, operation and parameters a request means, and how an answer is
written: JSON 1.1 (EMR, Glue, Athena) and REST-JSON (EMR Serverless, QuickSight) whole; of the XML
protocols only the name of the operation and the identifiers, for the log of calls and for faults.
What does not: what shapes allow (`shapes`), what operations do (the service classes).
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote

from botocore.loaders import Loader
from botocore.model import ServiceModel
from werkzeug import Request, Response

from ml_insights_tests.aws.refusals import AwsError
from ml_insights_tests.aws.shapes import Decoder, encode

_SCOPE = re.compile(r"Credential=(?P<key>[^/]+)/\d+/(?P<region>[^/]+)/(?P<signing>[^/]+)/")
_LABEL = re.compile(r"\{(\w+)(\+?)\}")
_CONVERT = {"integer": int, "long": int, "float": float, "double": float}

SIGNED_AS = {"elasticmapreduce": "emr", "monitoring": "cloudwatch"}
"""botocore's name of a service by the name its requests are signed for, where they differ."""


@dataclass(frozen=True)
class Scope:
    """Who asks for what, as the signature says; without a signature it is S3's anonymous user."""

    access_key: str = ""
    region: str = "us-east-1"
    service: str = "s3"


def scope_of(request: Request) -> Scope:
    """The credential scope of the Authorization header, or of a presigned address."""
    presigned = request.args.get("X-Amz-Credential", "")
    text = request.headers.get("Authorization") or f"Credential={presigned}/"
    if not (found := _SCOPE.search(text)):
        return Scope()
    signing = found["signing"].lower()
    return Scope(found["key"], found["region"], SIGNED_AS.get(signing, signing))


@cache
def service_model(service: str) -> Any:
    """Botocore's model of a service.

    Raises:
        botocore.exceptions.UnknownServiceError: botocore has none of that name.
    """
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


@cache
def paginators(service: str) -> Mapping[str, Any]:
    """How operations of a service page, by operation; empty for those that do not."""
    found: Mapping[str, Any] = Loader().load_service_model(service, "paginators-1")["pagination"]
    return found


@dataclass(frozen=True)
class Route:
    """A REST operation's method, path and what its query must hold."""

    operation: Any
    path: re.Pattern[str]
    literals: int
    needed: frozenset[str]

    def rank(self) -> tuple[int, int]:
        return (self.literals, len(self.needed))


def find_operation(model: Any, request: Request) -> Any | None:
    """The operation a request asks for; None for one that the model does not know."""
    if model.protocol == "json":
        name = request.headers.get("X-Amz-Target", "").partition(".")[2]
    elif model.protocol in {"query", "ec2"}:
        name = parse_qs(_text(request)).get("Action", [""])[0] or request.args.get("Action", "")
    else:
        route = find_route(model, request)
        return route.operation if route else None
    return model.operation_model(name) if name in model.operation_names else None


def _text(request: Request) -> str:
    """The body, which stays readable for whoever answers the request."""
    body = request.get_data()
    request.environ["wsgi.input"] = io.BytesIO(body)
    return body.decode("utf-8", "replace")


def find_route(model: Any, request: Request) -> Route | None:
    """The most specific route of a REST service that fits a request."""
    given = request.args.keys() | {name.lower() for name, _ in request.headers}
    fitting = [
        route
        for route in _routes(model.service_name, request.method)
        if route.path.fullmatch(raw_path(request)) and route.needed <= given
    ]
    return max(fitting, key=Route.rank, default=None)


def raw_path(request: Request) -> str:
    """The path as it was sent, still percent encoded, without the slash at the end."""
    path = str(request.environ.get("RAW_URI", request.path)).partition("?")[0]
    return path.rstrip("/") or "/"


@cache
def _routes(service: str, method: str) -> tuple[Route, ...]:
    model = service_model(service)
    operations = (model.operation_model(name) for name in model.operation_names)
    return tuple(_route(one) for one in operations if one.http["method"] == method)


def _route(operation: Any) -> Route:
    path, _, query = operation.http["requestUri"].partition("?")
    path = path.rstrip("/") or "/"
    pattern = "".join(_segment(part) for part in re.split(r"(\{\w+\+?\})", path) if part)
    shape = operation.input_shape
    members = shape.members if shape else {}
    needed = {
        member.serialization["name"].lower()
        if member.serialization["location"] == "header"
        else member.serialization["name"]
        for name, member in members.items()
        if name in shape.required_members
        and member.serialization.get("location") in {"querystring", "header"}
    }
    # Of a REST-JSON service a missing parameter is refused by name, not by an unknown route.
    needed = needed if operation.service_model.protocol == "rest-xml" else set()
    needed |= set(parse_qs(query, keep_blank_values=True))
    literal = len(re.sub(r"\{\w+\+?\}", "", path))
    return Route(operation, re.compile(pattern), literal, frozenset(needed))


def _segment(part: str) -> str:
    if label := _LABEL.fullmatch(part):
        return f"(?P<{label[1]}>.+)" if label[2] else f"(?P<{label[1]}>[^/]+)"
    return re.escape(part)


def identifiers(model: Any, request: Request) -> dict[str, str]:
    """The labels in the path of a REST request, such as bucket and key.

    And what policies ask of S3: the source of a copy, the prefix of a listing, the key that
    encrypts.
    """
    if "rest" not in model.protocol or not (route := find_route(model, request)):
        return {}
    found = route.path.fullmatch(raw_path(request))
    assert found
    labels = {name: unquote(value) for name, value in found.groupdict().items()}
    if source := request.headers.get("x-amz-copy-source"):
        labels["CopySource"] = unquote(source).lstrip("/")
    if prefix := request.args.get("prefix"):
        labels["Prefix"] = prefix
    if key := request.headers.get("x-amz-server-side-encryption-aws-kms-key-id"):
        labels["SSEKMSKeyId"] = key
    return labels


def read_parameters(operation: Any, request: Request, refusal: str) -> dict[str, Any]:
    """The parameters of a JSON or REST-JSON request, checked against the model.

    Args:
        operation: botocore's model of the operation.
        request: the request.
        refusal: code of the error with which the service refuses a parameter.

    Raises:
        AwsError: SerializationException, or `refusal` with every offence.
    """
    shape = operation.input_shape
    body = _json_body(request)
    if shape is None:
        return {}
    if operation.service_model.protocol == "rest-json":
        body = _gather(operation, request, body)
    decoder = Decoder()
    parameters = decoder.decode(shape, body)
    if decoder.malformed:
        raise AwsError("SerializationException", "; ".join(decoder.malformed))
    if problems := decoder.problems:
        errors = "error" if len(problems) == 1 else "errors"
        raise AwsError(
            refusal, f"{len(problems)} validation {errors} detected: {'; '.join(problems)}"
        )
    assert isinstance(parameters, dict)
    return parameters


def _json_body(request: Request) -> Any:
    text = request.get_data()
    try:
        return json.loads(text) if text.strip() else {}
    except ValueError as error:
        raise AwsError("SerializationException", f"the body is not JSON: {error}") from error


def _gather(operation: Any, request: Request, body: Any) -> Any:
    """Body, path, query and headers of a REST-JSON request as one object of wire names."""
    shape = operation.input_shape
    payload = shape.serialization.get("payload")
    gathered = {payload: body} if payload and body else dict(body)
    labels = identifiers(operation.service_model, request)
    for name, member in shape.members.items():
        wire = member.serialization.get("name", name)
        location = member.serialization.get("location")
        if location == "uri" and wire in labels:
            gathered[wire] = _converted(member, [labels[wire]])
        elif location == "querystring" and wire in request.args:
            gathered[wire] = _converted(member, request.args.getlist(wire))
        elif location == "header" and wire in request.headers:
            gathered[wire] = _converted(member, [request.headers[wire]])
    return gathered


def _converted(shape: Any, values: list[str]) -> Any:
    """Text of a path, query or header as its shape wants it; left as it is when it cannot be."""
    if shape.type_name == "list":
        return [_converted(shape.member, [value]) for value in values]
    if shape.type_name == "boolean":
        return {"true": True, "false": False}.get(values[0].lower(), values[0])
    try:
        return _CONVERT[shape.type_name](values[0]) if shape.type_name in _CONVERT else values[0]
    except ValueError:
        return values[0]


def write_answer(operation: Any, answer: Mapping[str, Any], request_id: str) -> Response:
    """A service's answer as JSON, with the status and headers that the model takes from it.

    Raises:
        AssertionError: the model does not know such an answer.
    """
    shape = operation.output_shape
    headers = {"x-amzn-RequestId": request_id}
    kind = "application/json" if "rest" in operation.service_model.protocol else _JSON_1_1
    if shape is None:
        assert not answer, f"{operation.name} has no output, not {sorted(answer)}"
        return Response("", 200, headers, content_type=kind)
    filled = {"RequestId": request_id, **answer} if "RequestId" in shape.members else answer
    status = operation.http.get("responseCode", 200)
    inside = {name: member.serialization.get("location") for name, member in shape.members.items()}
    if coded := [name for name, location in inside.items() if location == "statusCode"]:
        filled = {coded[0]: status, **filled}
        status = filled[coded[0]]
    encoded = encode(shape, filled)
    body = {}
    for name, member in shape.members.items():
        wire = member.serialization.get("name", name)
        if wire in encoded and inside[name] == "header":
            headers[wire] = str(encoded[wire])
        elif wire in encoded and not inside[name]:
            body[wire] = encoded[wire]
    payload = shape.serialization.get("payload")
    return Response(json.dumps(body.get(payload, body)), status, headers, content_type=kind)


_JSON_1_1 = "application/x-amz-json-1.1"

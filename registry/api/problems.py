"""Every error of the API as problem details (RFC 9457), with `errors` per field where fields are to blame."""

import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DataError, IntegrityError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from registry.exceptions import Refusal, TransitionRefused
from registry.services import conflicts

MEDIA_TYPE = "application/problem+json"
UNKNOWN = "There is no such thing here, or none that you may see."


class Stale(exceptions.APIException):
    """Somebody else wrote in between."""

    status_code = 412
    default_code = "precondition-failed"
    default_detail = "Somebody wrote meanwhile."


class Unconditional(exceptions.APIException):
    """A change that doesn't say what it started from."""

    status_code = 428
    default_code = "precondition-required"
    default_detail = "Say which revision you started from."


def problem(exception: Exception, context: Mapping[str, Any]) -> Response | None:
    """The answer to an error; None for one that is a fault of ours."""
    found = describe(exception)
    if found is None:
        return None
    request = context.get("request")
    body, headers = found
    if request is not None:
        body["instance"] = request.path
    return Response(body, status=body["status"], headers=headers, content_type=MEDIA_TYPE)


def details(status: int, *, kind: str, title: str, detail: str, **more: Any) -> dict[str, Any]:
    """Problem details. `kind` is for programs, the rest for people."""
    return {"type": f"urn:assay:problem:{kind}", "title": title, "status": status, "detail": detail, **more}


def describe(exception: Exception) -> tuple[dict[str, Any], dict[str, str]] | None:
    """Problem details and headers of an error that is the asker's to know."""
    if isinstance(exception, Refusal):
        return _refusal(exception), {}
    if isinstance(exception, exceptions.ValidationError):
        errors = flatten(exception.detail)
        said = "; ".join(f"{field}: {reasons[0]}" for field, reasons in list(errors.items())[:5])
        return details(400, kind="invalid-input", title="What was sent can't be used", detail=said, errors=errors), {}
    if isinstance(exception, Http404 | exceptions.NotFound):
        return details(404, kind="not-found", title="Not found", detail=UNKNOWN), {}
    if isinstance(exception, PermissionDenied):
        exception = exceptions.PermissionDenied()
    if isinstance(exception, exceptions.APIException):
        return _framework(exception)
    return _machinery(exception)


def _refusal(refusal: Refusal) -> dict[str, Any]:
    kind = re.sub(r"(?<!^)(?=[A-Z])", "-", type(refusal).__name__).lower()
    body = details(refusal.status, kind=kind, title=refusal.title, detail=str(refusal), **refusal.detail)
    if isinstance(refusal, TransitionRefused):
        asked = refusal.detail["verdict"].get("requirements", ())
        body["requirements"] = [item for item in asked if item["id"] in set(refusal.requirements)]
    return body


def _framework(exception: exceptions.APIException) -> tuple[dict[str, Any], dict[str, str]]:
    headers = {}
    if challenge := getattr(exception, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if isinstance(exception, exceptions.Throttled):
        headers["Retry-After"] = str(round(exception.wait or 1))
    kind = str(exception.default_code).replace("_", "-")
    title = str(exception.default_detail).rstrip(".").partition("{")[0].strip()
    return details(exception.status_code, kind=kind, title=title, detail=str(exception.detail)), headers


def _machinery(exception: Exception) -> tuple[dict[str, Any], dict[str, str]] | None:
    """What the server or the database refuses before a verb could."""
    if isinstance(exception, RequestDataTooBig):
        return details(413, kind="too-large", title="Too large", detail=f"{exception} Nothing was kept."), {}
    if isinstance(exception, SuspiciousOperation):
        return details(400, kind="parse-error", title="Malformed request", detail=str(exception)), {}
    if isinstance(exception, DataError):
        said = "A value is longer or larger than what can be stored. Nothing was kept."
        return details(400, kind="invalid-input", title="What was sent can't be used", detail=said), {}
    if isinstance(exception, IntegrityError) and (refusal := conflicts.collision(exception)):
        return _refusal(refusal), {}
    if conflicts.took_too_long(exception):
        said = "It took longer than is allowed. Nothing was changed."
        return details(503, kind="busy", title="Busy", detail=said), {"Retry-After": "5"}
    if conflicts.in_each_others_way(exception):
        said = "It and another request were in each other's way. Nothing was changed."
        return details(503, kind="busy", title="Busy", detail=said), {"Retry-After": "1"}
    return None


def flatten(detail: Any, *, path: str = "") -> dict[str, list[str]]:
    """Nested errors as one map from a dotted path to what is wrong there."""
    if isinstance(detail, Mapping):
        found: dict[str, list[str]] = {}
        for key, inner in detail.items():
            step = "" if key == "non_field_errors" else str(key)
            found |= flatten(inner, path=".".join(part for part in (path, step) if part))
        return found
    if isinstance(detail, list) and any(isinstance(item, Mapping | list) for item in detail):
        found = {}
        for index, inner in enumerate(detail):
            if inner:
                found |= flatten(inner, path=".".join(part for part in (path, str(index)) if part))
        return found
    reasons = detail if isinstance(detail, list) else [detail]
    return {path or "body": [str(reason) for reason in reasons]}

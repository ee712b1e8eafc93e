"""`Idempotency-Key` on POST: the same key with the same request is carried out once and answered alike for a day."""

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import transaction
from django.http import Http404
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from registry.api.authentication import token_of
from registry.exceptions import Refusal
from registry.services import idempotency

Handler = Callable[..., Response]


def once(handler: Handler) -> Handler:
    """Honour the key, if one was sent. A refusal is not kept: it changed nothing."""

    @wraps(handler)
    def guarded(self: Any, request: Request, *args: Any, **path: Any) -> Response:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return handler(self, request, *args, **path)
        digest = request_digest(request)
        with transaction.atomic():
            record = idempotency.claim(person=request.user, key=key, request_digest=digest)
            if record.status is not None:
                return Response(json.loads(record.body), status=record.status, headers={"Idempotent-Replayed": "true"})
            try:
                response = handler(self, request, *args, **path)
            except (Refusal, APIException, Http404) as refusal:
                idempotency.forget(record)
                refused: Exception = refusal
            else:
                idempotency.keep(record, status=response.status_code, body=_rendered(self, response))
                return response
        raise refused

    return guarded


def request_digest(request: Request) -> str:
    """SHA-256 over who asks with which token, where, and for what."""
    token = token_of(request)
    asked = [request.method, request.get_full_path(), str(token.pk) if token else None, request.data]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _rendered(view: Any, response: Response) -> str:
    renderer = view.get_renderers()[0]
    return renderer.render(response.data).decode()

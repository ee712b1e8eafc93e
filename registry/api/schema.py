"""The OpenAPI document of the API, and the page that shows it."""

import json
from copy import deepcopy
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularSwaggerSplitView

from registry.api.authentication import PersonalSession
from registry.models.choices import Stage

PROBLEM = {
    "type": "object",
    "description": "Problem details, RFC 9457.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
    },
    "required": ["type", "title", "status", "detail"],
}
FAILED = {
    "description": "What went wrong.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"in": "query", "name": name, "schema": schema, "description": description}


VERDICT = {
    "get": {
        "operationId": "verdict_retrieve",
        "description": "May this version, or these files, be used? The signed answer, from one stored row.",
        "tags": ["verdict"],
        "parameters": [
            _parameter("name", {"type": "string"}, "team/model@version"),
            _parameter("digest", {"type": "string", "pattern": "^[0-9a-f]{64}$"}, "Root digest of the files at hand."),
            _parameter("stage", {"type": "string", "enum": Stage.values, "default": "inference"}, "For which stage."),
        ],
        "security": [{"token": []}, {"session": []}],
        "responses": {
            "200": {"description": "Yes or no.", "content": {"application/json": {"schema": {"type": "object"}}}},
            "304": {"description": "The answer is the one you have."},
            "default": FAILED,
        },
    }
}


class TokenScheme(OpenApiAuthenticationExtension):
    """A pipeline's token."""

    target_class = "registry.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Bearer."""
        return {"type": "http", "scheme": "bearer"}


class SessionScheme(OpenApiAuthenticationExtension):
    """A person's session."""

    target_class = "registry.api.authentication.PersonalSession"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """The cookie."""
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


def say_what_every_address_may_answer(result: dict[str, Any], **_more: Any) -> dict[str, Any]:
    """Problem details everywhere, the one address that is a plain view, and what each does in a line."""
    result["components"]["schemas"]["Problem"] = PROBLEM
    result["paths"]["/api/v1/verdict/"] = deepcopy(VERDICT)
    for methods in result["paths"].values():
        for operation in methods.values():
            operation["responses"].setdefault("default", FAILED)
            first, _, rest = operation.get("description", "").partition(". ")
            operation["summary"] = first.rstrip(".:")
            operation["description"] = rest
    return result


@cache
def document() -> bytes:
    """The OpenAPI document, made once in a process."""
    return json.dumps(SchemaGenerator(api_version="1").get_schema(request=None, public=True)).encode()


def schema(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document."""
    return HttpResponse(document(), content_type="application/vnd.oai.openapi+json")


class Docs(SpectacularSwaggerSplitView):
    """Swagger UI from files of this server, with no script in the page itself."""

    url_name = "schema"
    template_name = "registry/api/docs.html"
    # Open to everybody; whoever has a session sees the site's own navigation.
    authentication_classes = (PersonalSession,)
    permission_classes = ()

"""What every address of the API has in common: who may come in, what they see, and how it is answered."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django_filters import FilterSet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from registry.api.authentication import token_of
from registry.api.parsers import StrictJSONParser
from registry.api.throttles import PerCaller
from registry.policies import visible
from registry.services.conflicts import repeated

Row = TypeVar("Row", bound=Model)
READ, WRITE, EVALUATE, MOVE = "catalog:read", "catalog:write", "evaluations:write", "lifecycle:write"
CHANGING = {"post", "put", "patch", "delete"}
PAGE_KEYS = {"cursor", "limit"}
FILTERED = (DjangoFilterBackend,)


class TokenScope(BasePermission):
    """A token comes in only where the address names one of its scopes; what names none is for people."""

    def has_permission(self, request: Request, view: "Door") -> bool:
        """Whether the token, if there is one, reaches this far."""
        token = token_of(request)
        if token is None:
            return True
        wanted = view.scopes.get("GET" if request.method == "HEAD" else request.method or "", ())
        if not wanted:
            raise PermissionDenied("Only a person with a session may do this; a token never does.")
        if not set(wanted) & set(token.scopes):
            raise PermissionDenied(f"This token lacks the scope {' or '.join(wanted)}.")
        return True


class Door(GenericAPIView):
    """One address. `scopes` says per method which of a token's scopes open it."""

    permission_classes = (IsAuthenticated, TokenScope)
    parser_classes = (StrictJSONParser,)
    throttle_classes = (PerCaller,)
    scopes: ClassVar[Mapping[str, tuple[str, ...]]] = {"GET": (READ,)}
    filter_backends: Any = ()
    filterset_class: ClassVar[type[FilterSet] | None] = None
    http_method_names: ClassVar = ["get", "head", "post", "put", "patch", "delete"]
    pagination_class: Any = GenericAPIView.pagination_class

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """What changes anything is done once more where another request was in its way; what was sent stays read."""
        super().__init_subclass__(**kwargs)
        for method in CHANGING & vars(cls).keys():
            setattr(cls, method, repeated(vars(cls)[method]))

    def seen(self, model: type[Row]) -> QuerySet[Row]:
        """The rows of a table that whoever asks may see: those of their teams, and of these only the token's."""
        token = token_of(self.request)
        return visible(model, self.request.user, within=token.team_ids if token else None)

    def find(self, rows: QuerySet[Row], **lookup: Any) -> Row:
        """One of them, or 404."""
        return get_object_or_404(rows, **lookup)

    def sent(self, shape: type[BaseSerializer], *, partial: bool = False) -> dict[str, Any]:
        """What was sent, in that shape; ValidationError otherwise."""
        reading = shape(data=self.request.data, partial=partial, context=self.get_serializer_context())
        reading.is_valid(raise_exception=True)
        return dict(reading.validated_data)

    def listed(self, rows: QuerySet[Any], shape: type[BaseSerializer]) -> Response:
        """A page of rows, filtered by the query. An unknown key in the query is refused, not ignored."""
        known = PAGE_KEYS | set(self.filterset_class.base_filters if self.filterset_class else ())
        if unknown := set(self.request.query_params) - known:
            raise ValidationError({name: ["unknown filter"] for name in sorted(unknown)})
        page = self.paginate_queryset(self.filter_queryset(rows))
        return self.get_paginated_response(shape(page, many=True, context=self.get_serializer_context()).data)

    def shown(self, row: Any, shape: type[BaseSerializer], *, status: int = 200, **headers: str) -> Response:
        """One thing."""
        data = shape(row, context=self.get_serializer_context()).data
        return Response(data, status=status, headers={name.replace("_", "-"): value for name, value in headers.items()})


class Nowhere(Door):
    """Every address that there is not."""

    schema = None
    scopes: ClassVar = {
        method: (READ, WRITE, EVALUATE, MOVE, "verdict:read") for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
    }

    def get(self, request: Request, **_path: Any) -> Response:
        """Nothing is here."""
        raise Http404

    post = put = patch = delete = get

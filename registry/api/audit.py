"""The log of what was done."""

import json
from typing import Any

from django.db.models import Q, QuerySet
from django_filters import CharFilter, FilterSet, IsoDateTimeFilter
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from registry.api.doors import FILTERED, Door
from registry.models import AuditEvent, Team


class AuditEventShown(serializers.ModelSerializer):
    """Who did what to what. `leaf` is SHA-256 of a zero byte and `body`, the exact canonical text."""

    actor = serializers.CharField(source="actor.username", default=None, allow_null=True)
    team = serializers.CharField(source="team.slug", default=None, allow_null=True)
    detail = serializers.SerializerMethodField()
    leaf = serializers.SerializerMethodField()

    class Meta:
        model = AuditEvent
        fields = (
            "id", "at", "actor", "team", "verb", "subject_kind", "subject_id", "subject_name", "detail", "body", "leaf",
        )  # fmt: skip

    def get_detail(self, event: AuditEvent) -> dict[str, Any]:
        """What the body says beside who, what and when."""
        return dict(json.loads(event.body).get("detail") or {})

    def get_leaf(self, event: AuditEvent) -> str:
        """As hex."""
        return bytes(event.leaf or b"").hex()


class AuditFilter(FilterSet):
    """Which events."""

    team = CharFilter(field_name="team__slug")
    verb = CharFilter()
    actor = CharFilter(field_name="actor__username")
    subject = CharFilter(field_name="subject_id", help_text="The id of what it was done to.")
    since = IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    until = IsoDateTimeFilter(field_name="at", lookup_expr="lt")
    search = CharFilter(method="searched", help_text="In the verb and the subject's name.")

    def searched(self, rows: QuerySet[AuditEvent], _field: str, words: str) -> QuerySet[AuditEvent]:
        """Each word in one of the two."""
        for word in words.split()[:10]:
            rows = rows.filter(Q(verb__icontains=word) | Q(subject_name__icontains=word))
        return rows


class AuditEvents(Door):
    """What was done in your teams, and what was refused."""

    ordering = ("-id",)
    filter_backends = FILTERED
    filterset_class = AuditFilter
    queryset = AuditEvent.objects.none()

    @extend_schema(responses=AuditEventShown(many=True))
    def get(self, request: Request) -> Response:
        """List the events."""
        rows = AuditEvent.objects.filter(team__in=self.seen(Team)).select_related("actor", "team")
        return self.listed(rows, AuditEventShown)

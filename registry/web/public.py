"""The few pages that need no account."""

from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.views.decorators.http import require_safe

from registry.models import SigningKey


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Whether this process can serve: it reaches its database."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
    except DatabaseError:
        return JsonResponse({"status": "the database does not answer"}, status=503)
    return JsonResponse({"status": "ok"})


@require_safe
def notary_key(request: HttpRequest) -> HttpResponse:
    """The public key that checks attestations: the one in use, or by `?key=` an older one."""
    keys = SigningKey.objects.order_by("-not_before")
    wanted = request.GET.get("key")
    key = get_object_or_404(keys, key_id=wanted) if wanted else keys.filter(ended_at=None).first()
    if key is None:
        raise Http404
    headers = {"Content-Disposition": f'attachment; filename="assay-{key.key_id[:12]}.pem"'}
    return HttpResponse(key.public_pem, content_type="application/x-pem-file", headers=headers)


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("notary/key.pem", notary_key, name="notary-key"),
]

"""The rival: a Django project of one view that reads one row by its key with raw SQL, and no middleware at all."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from registry import settings as assay


def row(request: HttpRequest, digest: str) -> HttpResponse:
    """Answer the body of one row."""
    with connection.cursor() as cursor:
        cursor.execute("select body from attestation where root_digest = %s and stage = 'inference'", [digest])
        return HttpResponse(bytes(cursor.fetchone()[0]), content_type="application/json")


urlpatterns = [path("<str:digest>", row)]

if "DATABASE_URL" in os.environ and not settings.configured:
    settings.configure(
        ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, MIDDLEWARE=[], DATABASES={"default": assay.DATABASES["default"]}
    )
    application = get_wsgi_application()

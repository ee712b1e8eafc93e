"""Every address of Assay."""

from django.urls import URLPattern, URLResolver, include, path

from registry.admin import site

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/", include("registry.web.entrance")),
    path("admin/", site.urls),
    path("api/v1/", include("registry.api.urls")),
    path("", include("registry.web.urls")),
]

"""Every address of the web interface: each noun's own, one after the other."""

from django.urls import URLPattern

from registry.services.conflicts import repeated
from registry.web import (
    audit,
    catalog,
    documents,
    dossiers,
    evaluations,
    lifecycle,
    methods,
    needs,
    overview,
    people,
    policy,
    public,
    registration,
    risks,
    signing,
    taxonomies,
    versions,
    waivers,
)

urlpatterns: list[URLPattern] = [
    *public.urlpatterns,
    *overview.urlpatterns,
    *registration.urlpatterns,
    *catalog.urlpatterns,
    *needs.urlpatterns,
    *versions.urlpatterns,
    *dossiers.urlpatterns,
    *documents.urlpatterns,
    *risks.urlpatterns,
    *evaluations.urlpatterns,
    *methods.urlpatterns,
    *lifecycle.urlpatterns,
    *signing.urlpatterns,
    *waivers.urlpatterns,
    *taxonomies.urlpatterns,
    *policy.urlpatterns,
    *audit.urlpatterns,
    *people.urlpatterns,
]

# What a page was asked for is done once more where another request was in its way.
for each in urlpatterns:
    each.callback = repeated(each.callback)

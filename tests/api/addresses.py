"""Every address of the API with every method it answers, read off the resolver, and filled in with real things."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from registry.api.doors import Nowhere
from registry.api.urls import urlpatterns
from registry.models import Token
from tests import make
from tests.people import Cast

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# What anybody may ask: how to ask, what to check an answer with, and who they are.
OPEN = {("schema/", "GET"), ("docs/", "GET"), ("notary/keys/", "GET"), ("session/", "POST")}


@dataclass(frozen=True)
class Address:
    """One method of one address."""

    route: str
    method: str
    view: Any

    def __str__(self) -> str:
        return f"{self.method} {self.route}"

    @property
    def scopes(self) -> set[str]:
        """The scopes that open it; none for what is for people alone."""
        if self.route == "verdict/":
            return {"verdict:read"}
        return set(self.view.scopes.get(self.method, ()))

    def filled(self, things: dict[str, Any]) -> str:
        """The address of a real thing."""
        path = self.route
        for placeholder, value in things.items():
            kind, bracket, converter = placeholder.rpartition("<")
            if path.startswith(placeholder) and kind:
                path = path.replace(bracket + converter, str(value), 1)
            elif not kind:
                path = path.replace(placeholder, str(value))
        return path


def every() -> Iterator[Address]:
    """All of them, the catch-all apart."""
    for pattern in urlpatterns:
        view = getattr(pattern.callback, "cls", None)
        if view is Nowhere:
            continue
        methods = [name for name in METHODS if view is None or hasattr(view, name.lower())]
        if view is None:
            methods = ["GET"]
        for method in methods:
            yield Address(str(pattern.pattern), method, view)


def of_things() -> list[Address]:
    """Those that name a thing."""
    return [address for address in every() if "<" in address.route]


def things_of(cast: Cast) -> dict[str, Any]:
    """A thing of the lending team for each kind of address."""
    version = make.signed_version(cast)
    dataset_version = version.parents.get().parent_dataset
    risk = make.risk(version, by=cast.ada)
    revision = version.model.project.activations.first().revision
    return {
        "teams/<slug:slug>/members/<int:pk>": cast.lending.memberships.get(person=cast.mary).pk,
        "teams/<slug:slug>/expertise/<int:pk>": cast.lending.expertise.filter(person=cast.alan).first().pk,
        "versions/<uuid:pk>": version.pk,
        "models/<uuid:pk>": version.model_id,
        "projects/<uuid:pk>": version.model.project_id,
        "artifacts/<uuid:pk>": version.artifact_id,
        "datasets/<uuid:pk>": dataset_version.dataset_id,
        "dataset-versions/<uuid:pk>": dataset_version.pk,
        "documents/<uuid:pk>": version.documents.get().pk,
        "evaluations/<uuid:pk>": version.evaluations.first().pk,
        "sign-offs/<uuid:pk>": version.sign_offs.first().pk,
        "waivers/<uuid:pk>": a_waiver(cast).pk,
        "policies/<uuid:pk>": revision.policy_id,
        "policy-revisions/<uuid:pk>": revision.pk,
        "teams/<slug:slug>": "lending",
        "<slug:slug>": "lending",
        "<uuid:pk>": Token.objects.get(team_ids__contains=[cast.lending.pk]).pk,
        "<int:pk>": risk.pk,
        "<slug:kind>": "model_card",
        "<str:name>": "fairness.group",
        "<str:metric>": make.RATIO,
    }


def a_waiver(cast: Cast) -> Any:
    """A waiver of a version that misses its limit."""
    version = make.model_version(cast, label="3")
    make.at_stage(version, "training", by=cast.ada)
    make.measured(version, by=cast.ada, low=0.5, high=0.6)
    unmet = make.verdicts.review(version, to_stage=make.INFERENCE).decision.unmet
    requirement = next(item.id for item in unmet if item.kind == "threshold")
    return make.waived(version, requirement, cast=cast)

"""One of everything, so that every address of the web interface has something to show."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from registry.models import (
    DatasetVersion,
    Evaluation,
    ModelVersion,
    PolicyRevision,
    Risk,
    SignOff,
    Verdict,
    Waiver,
)
from registry.models.gate_inputs import active_revision
from tests import make
from tests.people import Cast


@dataclass(frozen=True, kw_only=True)
class World:
    """The cast and what they made."""

    cast: Cast
    version: ModelVersion
    data: DatasetVersion
    revision: PolicyRevision
    run: Evaluation
    risk: Risk
    signature: SignOff
    waiver: Waiver
    verdict: Verdict

    def keys(self) -> dict[str, Any]:
        """For every address with a key, the key of something of the lending team."""
        version, data = self.version, self.data
        card = version.documents.get().pk
        return {
            **dict.fromkeys(("model", "version-new"), version.model_id),
            **dict.fromkeys(("dataset", "dataset-version-new"), data.dataset_id),
            "dataset-version": data.pk,
            **dict.fromkeys(("project", "trust-needs"), version.model.project_id),
            **dict.fromkeys(("document", "document-edit"), card),
            "risk-edit": self.risk.pk,
            **{name: self.run.pk for name in names("evaluation")},
            "verdict": self.verdict.pk,
            "sign-off-withdraw": self.signature.pk,
            "waiver": self.waiver.pk,
            "policy": self.revision.policy_id,
            **dict.fromkeys(("policy-revision", "policy-agree", "policy-activate"), self.revision.pk),
            **dict.fromkeys(("member-new", "expertise-new", "token-new"), self.cast.lending.pk),
            **dict.fromkeys(("token", "token-revoke"), self.cast.token.pk),
            "membership-end": self.cast.lending.memberships.get(person=self.cast.mary).pk,
            "expertise-end": self.cast.lending.expertise.filter(person=self.cast.grace).first().pk,
            "method": make.RATIO,
            "risk-new": version.pk,
            **{name: version.pk for name in names("version")},
        }

    def address(self, name: str) -> str:
        """The address of that name, filled in."""
        keys = self.keys()
        return reverse(name, args=[keys[name]]) if name in keys else reverse(name)


def names(noun: str) -> list[str]:
    """The addresses about one version, or one run."""
    suffixes = {
        "evaluation": ("", "-progress", "-cancel", "-retry"),
        "version": (
            *("", "-evidence", "-coverage", "-card", "-risks", "-lineage", "-history", "-compare", "-files"),
            *("-evaluate", "-evaluate-freely", "-evaluate-table", "-move", "-sign", "-waive", "-dossier"),
            "-attestation",
        ),
    }
    return [f"{noun}{suffix}" for suffix in suffixes[noun]]


def make_world(cast: Cast) -> World:
    """A version at training with evidence, a risk, a waiver that somebody asked for, and a signature."""
    version = make.ready_version(cast)
    make.model_version(cast, label="2", data=DatasetVersion.objects.get())
    risk = make.risk(version, by=cast.ada)
    make.measured(version, by=cast.ada, low=0.7, high=0.9)
    unmet = make.verdicts.review(version, to_stage=make.INFERENCE).decision.unmet
    finding = next(item.id for item in unmet if item.kind == "threshold")
    waiver = make.waived(version, finding, cast=cast, grants=0)
    signature = make.signed(version, by=cast.grace, expertise="fairness")
    revision = active_revision(version)
    assert revision is not None
    return World(
        cast=cast,
        version=version,
        data=DatasetVersion.objects.get(),
        revision=revision,
        run=Evaluation.objects.filter(version=version).order_by("requested_at").last(),
        risk=risk,
        signature=signature,
        waiver=waiver,
        verdict=Verdict.objects.filter(version=version).order_by("decided_at").last(),
    )

"""Recording that something left the registry, and in whose hands."""

from registry import policies
from registry.exceptions import NotPermitted
from registry.models import AuditEvent, ModelVersion, User
from registry.services import audit


def record_dossier_export(version: ModelVersion, *, pdf_digest: str, evidence_digest: str, by: User) -> AuditEvent:
    """Record that `by` is handed a dossier: the SHA-256 of its bytes, and of the evidence it shows.

    NotPermitted where `by` is no member of the version's team.
    """
    with audit.acting("dossier.exported", by=by, on=version):
        if not policies.may_see(by, version.team):
            raise NotPermitted(f"{by} may not take {version} out of the registry.")
        detail = {"sha256": pdf_digest, "evidence_digest": evidence_digest}
        return audit.record("dossier.exported", subject=version, actor=by, detail=detail)

"""The tables of the registry: a file per noun."""

from registry.models.attestations import Attestation, SigningKey
from registry.models.audit import AuditEvent
from registry.models.catalog import (
    Artifact,
    ArtifactFile,
    Authorship,
    Dataset,
    DatasetVersion,
    LineageEdge,
    ModelVersion,
    Project,
    RegisteredModel,
    TrustNeed,
)
from registry.models.documents import Document, DocumentRevision
from registry.models.evaluations import Evaluation, EvidenceFile, Measurement
from registry.models.lifecycle import (
    EvidenceSnapshot,
    SignOff,
    SignOffWithdrawal,
    Transition,
    Verdict,
    Waiver,
    WaiverGrant,
)
from registry.models.people import IdempotencyRecord, Reauthentication, Token, User
from registry.models.policy import (
    Policy,
    PolicyActivation,
    PolicyPublication,
    PolicyRevision,
    RequiredDocument,
    RequiredEvaluation,
    SignOffRule,
    StageEdge,
    StageRule,
    Threshold,
)
from registry.models.risks import Risk, RiskAssessment
from registry.models.teams import Membership, ReviewerExpertise, Team

__all__ = [
    "Artifact",
    "ArtifactFile",
    "Attestation",
    "AuditEvent",
    "Authorship",
    "Dataset",
    "DatasetVersion",
    "Document",
    "DocumentRevision",
    "Evaluation",
    "EvidenceFile",
    "EvidenceSnapshot",
    "IdempotencyRecord",
    "LineageEdge",
    "Measurement",
    "Membership",
    "ModelVersion",
    "Policy",
    "PolicyActivation",
    "PolicyPublication",
    "PolicyRevision",
    "Project",
    "Reauthentication",
    "RegisteredModel",
    "RequiredDocument",
    "RequiredEvaluation",
    "ReviewerExpertise",
    "Risk",
    "RiskAssessment",
    "SignOff",
    "SignOffRule",
    "SignOffWithdrawal",
    "SigningKey",
    "StageEdge",
    "StageRule",
    "Team",
    "Threshold",
    "Token",
    "Transition",
    "TrustNeed",
    "User",
    "Verdict",
    "Waiver",
    "WaiverGrant",
]

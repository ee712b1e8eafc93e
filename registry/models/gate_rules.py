"""The rules of a policy revision, read with its row into the gate's plain values."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Extract, JSONObject

from registry.gates import values as gate
from registry.models.policy import (
    PolicyRevision,
    RequiredDocument,
    RequiredEvaluation,
    SignOffRule,
    StageRule,
    Threshold,
)

LIMITS = (
    "metric", "slice", "direction", "limit", "tolerance", "aspect", "need_level", "source", "excluded_allowed",
)  # fmt: skip


def with_rules(revisions: QuerySet[PolicyRevision], *, to_stage: str) -> QuerySet[PolicyRevision]:
    """Each revision with its rules for entering a stage, in one statement; for `load_policy`."""
    mine = {"revision": OuterRef("pk"), "to_stage": to_stage}
    evaluation = JSONObject(
        id="pk", evaluator="evaluator", spec_digest="spec_digest", assurance="assurance",
        max_age=Extract("max_age", "epoch"),
    )  # fmt: skip
    limits = Threshold.objects.filter(evaluation__revision=OuterRef("pk"), evaluation__to_stage=to_stage)
    limit = JSONObject(id="pk", evaluation="evaluation_id", **{name: name for name in LIMITS})
    document = JSONObject(id="pk", kind="kind", min_percent="min_percent", must_know="must_know")
    sign_off = JSONObject(id="pk", expertise="expertise", people="people")
    return revisions.annotate(
        block_from=Subquery(StageRule.objects.filter(**mine).values("block_from")[:1]),
        evaluation_rules=_rows(RequiredEvaluation.objects.filter(**mine), evaluation),
        limits=_rows(limits, limit),
        document_rules=_rows(RequiredDocument.objects.filter(**mine), document),
        rules_of_signing=_rows(SignOffRule.objects.filter(**mine), sign_off),
    )


def _rows(rows: QuerySet[Any], shape: JSONObject) -> ArraySubquery:
    return ArraySubquery(rows.order_by("pk").values(row=shape))


def load_policy(revision: Any, *, to_stage: str) -> gate.Policy | None:
    """A revision's rules as the gate takes them; it comes from `with_rules`."""
    if revision is None:
        return None
    rules = {
        row["id"]: gate.EvaluationRule(**row | {"max_age": timedelta(seconds=row["max_age"])})
        for row in revision.evaluation_rules
    }
    return gate.Policy(
        digest=revision.digest,
        to_stage=to_stage,
        evaluations=tuple(rules.values()),
        thresholds=tuple(_threshold(row, rules[row["evaluation"]]) for row in revision.limits),
        documents=tuple(
            gate.DocumentRule(**row | {"must_know": frozenset(row["must_know"])}) for row in revision.document_rules
        ),
        risk_rule=gate.RiskRule(block_from=revision.block_from) if revision.block_from else None,
        sign_offs=tuple(gate.SignOffRule(**row) for row in revision.rules_of_signing),
    )


def _threshold(row: dict[str, Any], rule: gate.EvaluationRule) -> gate.Threshold:
    # A whole number comes out of JSON as an int, which prints differently.
    numbers = {name: float(row[name]) for name in ("limit", "tolerance")}
    return gate.Threshold(
        **row | numbers | {"evaluation": rule, "excluded_allowed": frozenset(row["excluded_allowed"])}
    )

"""What stood when: policy, people, risks and documents as of a moment, from rows and the log alone."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from registry.management.invariants.reading import Row, rows

FRESH = timedelta(minutes=5)


def policy_at(version: str, at: datetime) -> Row | None:
    """The revision that applied to a version's project."""
    found = rows(
        """select a.revision_id from policy_activation a join registered_model m on m.project_id = a.project_id
             join model_version v on v.model_id = m.id where v.id = %s and a.activated_at <= %s
            order by a.activated_at desc, a.id desc limit 1""",
        version,
        at,
    )
    return found[0] if found else None


def authors_at(version: str, at: datetime) -> set[int]:
    """Everybody who had had a hand in it: read from the things themselves, not from the table of authors."""
    found = rows(
        """select registered_by_id as person from model_version where id = %(v)s
           union select a.created_by_id from artifact a join model_version v on v.artifact_id = a.id where v.id = %(v)s
           union select recorded_by_id from risk where version_id = %(v)s and recorded_at <= %(at)s
           union select requested_by_id from waiver where version_id = %(v)s and requested_at <= %(at)s
           union select r.written_by_id from document_revision r join document d on d.id = r.document_id
                  where r.written_at <= %(at)s and (d.model_version_id = %(v)s or d.dataset_version_id in (
                    select parent_dataset_id from lineage_edge where child_model_id = %(v)s))""",
        v=version,
        at=at,
    )
    direct = {row["person"] for row in found}
    behind = rows(
        """select distinct t.created_by_id as person from token t join person p on p.id = t.acts_as_id
            where p.is_service and t.acts_as_id = any(%s) and t.created_at <= %s""",
        list(direct),
        at,
    )
    return direct | {row["person"] for row in behind}


def reviewers_at(version: str, at: datetime) -> set[int]:
    """People who reviewed for the team then and had no hand in the version."""
    found = rows(
        """select m.person_id from membership m join model_version v on v.team_id = m.team_id
             join person p on p.id = m.person_id
            where v.id = %s and m.role = 'reviewer' and not p.is_service and m.granted_at <= %s
              and (m.ended_at is null or m.ended_at > %s)""",
        version,
        at,
        at,
    )
    return {row["person_id"] for row in found} - authors_at(version, at)


def signers_at(version: str, to_stage: str, evidence_rev: int, at: datetime) -> dict[str, set[int]]:
    """By expertise, who had signed this evidence, freshly proved, and still held the expertise; each person once."""
    signatures = rows(
        """select distinct on (s.signed_by_id) s.*, p.at as proved_at, p.person_id as proved_by,
                  exists (select from sign_off_withdrawal w
                           where w.sign_off_id = s.id and w.withdrawn_at <= %s) as is_withdrawn,
                  exists (select from reviewer_expertise x join model_version v on v.team_id = x.team_id
                           where v.id = s.version_id and x.person_id = s.signed_by_id and x.expertise = s.expertise
                             and x.granted_at <= %s and (x.ended_at is null or x.ended_at > %s)) as is_expert
             from sign_off s join reauthentication p on p.id = s.reauthentication_id
            where s.version_id = %s and s.to_stage = %s and s.evidence_rev = %s and s.signed_at <= %s
            order by s.signed_by_id, s.signed_at desc""",
        at, at, at, version, to_stage, evidence_rev, at,
    )  # fmt: skip
    able = reviewers_at(version, at)
    signed: dict[str, set[int]] = {}
    for one in signatures:
        was_there = one["proved_by"] == one["signed_by_id"] and one["signed_at"] - FRESH <= one["proved_at"]
        counts = one["meaning"] == "approve" and one["is_expert"] and not one["is_withdrawn"]
        if was_there and counts and one["signed_by_id"] in able:
            signed.setdefault(one["expertise"], set()).add(one["signed_by_id"])
    return signed


def risks_at(version: str, at: datetime) -> list[Row]:
    """Open risks as they were: today's rows with later changes undone, as the log tells them."""
    found = rows(
        """select r.* from risk r where r.version_id = %s and r.recorded_at <= %s and not exists (
             select from risk c where c.carried_from_id = r.id and c.recorded_at <= %s)""",
        version,
        at,
        at,
    )
    return [risk for risk in (_undone(risk, at) for risk in found) if not risk["is_resolved"]]


def _undone(risk: Row, at: datetime) -> Row:
    later = rows(
        """select body from audit_event where verb = 'risk.updated' and subject_kind = 'risk' and subject_id = %s
              and at > %s order by id desc""",
        str(risk["id"]),
        at,
    )
    for event in later:
        before: Mapping[str, Any] = json.loads(event["body"])["detail"]["before"]
        risk |= {"owner_id" if name == "owner" else name: value for name, value in before.items()}
    return risk


def waived_at(version: str, to_stage: str, at: datetime) -> set[tuple[str, str]]:
    """Findings that two people, neither of whom asked, had accepted and that acceptance held."""
    able = reviewers_at(version, at)
    grants = rows(
        """select w.id, w.requirement, w.found, g.granted_by_id from waiver w join waiver_grant g on g.waiver_id = w.id
            where w.version_id = %s and w.to_stage = %s and w.expires_at > %s and g.granted_at <= %s
              and g.granted_by_id <> w.requested_by_id""",
        version,
        to_stage,
        at,
        at,
    )
    givers: dict[tuple[str, str, str], set[int]] = {}
    for grant in grants:
        if grant["granted_by_id"] in able:
            givers.setdefault((grant["id"], grant["requirement"], grant["found"]), set()).add(grant["granted_by_id"])
    return {(requirement, found) for (_, requirement, found), people in givers.items() if len(people) >= 2}

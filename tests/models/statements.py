"""Statements that attempts are put together from."""

MOVE = "insert into transition (id, version_id, to_stage, moved_by_id, verdict_id, comment) values (gen_random_uuid(), "
MOVED = MOVE + "%(signed)s, 'inference', %(ada)s, %(yes)s, '')"
SIGN = """insert into sign_off (id, version_id, to_stage, signed_by_id, signed_name, expertise, meaning,
    comment, evidence_rev,
          snapshot_id, reauthentication_id) values (gen_random_uuid(), %(ready)s, 'inference', """
SIGNED = SIGN + "%(grace)s, 'G', 'fairness', 'approve', '', %(rev)s, %(snapshot)s, %(proof_of_grace)s)"
MEASURE = """insert into measurement (evaluation_id, version_id, attempt, metric, slice, status, reason, value,
    low, high, level, method,
             excluded, statistics, detail, seed) values """
RUN = """insert into evaluation (id, version_id, evaluator, evaluator_version, parameters, level, spec_digest,
    subject, key, queue, assurance,
         requested_by_id, state, attempt, max_attempts, publications, worker, progress, progress_note, failure,
    environment)
         values ('11111111-1111-1111-1111-111111111111', %(ready)s, 'fairness.group', '1', '{}', 0.95,
    %(spec)s, '{}', 'k', 'cpu', """
REST = ", %(ada)s, 'done', 0, 3, 0, '', 1, '', '', '{}')"
OWN = RUN + "'self-reported'" + REST
LIVE = ", %(ada)s, 'queued', 0, 3, 0, '', 0, '', '', '{}')"
ON_OWN = (
    "('11111111-1111-1111-1111-111111111111', %(ready)s, 0, 'fairness.demographic_parity_ratio', 'worst', 'ok', '', "
)
NUMBERS = ", 0.95, '', '{}', '{}', '{}', '')"
WAIVE = """insert into waiver (id, version_id, to_stage, requirement, found, reason, expires_at, requested_by_id)
           values ('22222222-2222-2222-2222-222222222222', %(ready)s, 'inference', """
WAIVED = WAIVE + "'threshold:1', '1', 'x', now() + interval '1 hour', %(ada)s)"
GRANT = (
    "insert into waiver_grant (waiver_id, version_id, granted_by_id, reauthentication_id) "
    "values ('22222222-2222-2222-2222-222222222222', "
)
GRANTED = GRANT + "%(ready)s, %(grace)s, %(proof_of_grace)s)"
THRESHOLD = """insert into threshold (evaluation_id, metric, slice, direction, "limit", tolerance, aspect,
    need_level, excluded_allowed, source)
               values (%(requirement)s, 'm', 'overall', 'at_least', 0, 0, 'fairness', 'any', '{}', 'x')"""
RULE = "insert into sign_off_rule (revision_id, to_stage, expertise, people) values "
AGREE = "insert into policy_publication (revision_id, agreed_by_id) values "
ACTIVATE = "insert into policy_activation (project_id, revision_id, activated_by_id) values "
ANSWER = "insert into attestation (id, version_id, stage, verdict_id"

SOFT = (
    """insert into policy_revision (id, policy_id, number, body, digest, rationale, max_waiver_hours,
    written_by_id)
          values (%(soft)s, %(policy)s, 9, '{}', '', '', 72, %(ada)s);
"""
    + AGREE
)

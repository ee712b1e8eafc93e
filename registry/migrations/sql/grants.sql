-- Who may do what. Governed tables grant columns, not tables; a table that is not named here can't be touched at all.

grant usage on schema assay to assay_app, assay_worker, assay_notary, assay_auditor;
grant select on all tables in schema assay to assay_app, assay_worker, assay_notary, assay_auditor;
grant usage on all sequences in schema assay to assay_app, assay_worker, assay_notary;
revoke all on all functions in schema assay from public;

create table governed (name text primary key, server_columns text[] not null default '{}');
insert into governed (name, server_columns) values
  ('model_version', '{stage,standing,evidence_rev,touched,root_digest,registered_at}'),
  ('membership', '{granted_at}'), ('reviewer_expertise', '{granted_at}'), ('project', '{created_at}'),
  ('trust_need', '{id,set_at}'), ('dataset', '{created_at}'), ('dataset_version', '{registered_at}'), ('artifact', '{created_at}'),
  ('artifact_file', '{}'), ('registered_model', '{created_at}'), ('lineage_edge', '{recorded_at}'), ('team', '{}'),
  ('document', '{}'), ('document_revision', '{written_at}'), ('risk_assessment', '{opened_at}'), ('risk', '{recorded_at}'),
  ('evaluation', '{requested_at,root_digest}'),
  ('measurement', '{spec_digest,root_digest,assurance,measured_at}'), ('evidence_file', '{}'),
  ('policy', '{created_at}'), ('policy_revision', '{written_at}'), ('stage_rule', '{}'), ('required_evaluation', '{}'), ('threshold', '{}'),
  ('required_document', '{}'), ('sign_off_rule', '{}'), ('policy_publication', '{agreed_at}'), ('policy_activation', '{activated_at}'),
  ('reauthentication', '{at}'), ('evidence_snapshot', '{taken_at}'), ('sign_off', '{seq,signed_at}'), ('sign_off_withdrawal', '{withdrawn_at}'),
  ('waiver', '{requested_at}'), ('waiver_grant', '{granted_at}'), ('verdict', '{decided_at}'),
  ('transition', '{from_stage,kind,evidence_rev,at,expires_at}'),
  ('attestation', '{seq,root_digest,passed,transition_id,created_at,expires_at,signed_at,key_id,envelope,body,etag}'),
  ('audit_event', '{at,xid,leaf}');

do $d$
declare g record; cols text;
begin
  for g in select * from governed loop
    select string_agg(quote_ident(a.attname), ', ') into cols from pg_attribute a
     where a.attrelid = ('assay.' || quote_ident(g.name))::regclass and a.attnum > 0 and not a.attisdropped
       and not a.attname = any(g.server_columns) and a.attidentity = '';
    if g.name not in ('measurement', 'evidence_file') then
      execute format('grant insert (%s) on %I to assay_app', cols, g.name);
    end if;
    if g.name in ('measurement', 'evidence_file') then
      execute format('grant insert (%s) on %I to assay_app, assay_worker', cols, g.name);
    end if;
    if g.name in ('verdict', 'evidence_snapshot', 'attestation', 'audit_event') then
      execute format('grant insert (%s) on %I to assay_worker', cols, g.name);
    end if;
    if g.name = 'audit_event' then
      execute format('grant insert (%s) on %I to assay_notary', cols, g.name);
    end if;
  end loop;
end $d$;

grant update (artifact_id) on model_version to assay_app;
grant update (name) on team to assay_app;
grant update (name, purpose) on project to assay_app;
grant update (description) on dataset, registered_model to assay_app;
grant update (notes) on dataset_version to assay_app;
grant update (ended_at) on membership, reviewer_expertise to assay_app;
grant update (likelihood, severity, priority, treatment, owner_id, step_taken, is_resolved, resolution, updated_by_id) on risk to assay_app;
grant update (state, published_at, publications) on evaluation to assay_app;
grant update (state, attempt, lease_until, published_at, publications, worker, progress, progress_note, started_at, finished_at, failure, environment) on evaluation to assay_worker;
-- A lock on a row is an update right in Postgres. These columns can't be changed: files are set once, and a document's
-- kind is tied to its subject by a check.
grant update (artifact_id) on model_version to assay_worker;
grant update (kind) on document to assay_app;
grant update (signed_at, key_id, envelope, body, etag) on attestation to assay_notary;
grant insert, update on signing_key to assay_notary;
grant execute on function renew_attestations() to assay_notary;
grant execute on function suspend_lapsed(uuid) to assay_worker;

-- Accounts, sessions and tokens are not governed: they open no gate.
do $d$
declare t text;
begin
  foreach t in array array['person', 'person_groups', 'person_user_permissions', 'token', 'auth_group', 'auth_group_permissions', 'auth_permission',
    'django_content_type', 'django_session', 'django_admin_log', 'account_emailaddress', 'account_emailconfirmation', 'mfa_authenticator'] loop
    execute format('grant select, insert, update, delete on %I to assay_app', t);
  end loop;
end $d$;

-- A million approved versions with their signed answers, for measuring. Run with the triggers switched off.
insert into person (id, username, password, is_superuser, first_name, last_name, email, is_staff, is_active, date_joined, is_service)
  values (1, 'bench', '!', false, '', '', '', false, true, now(), true);
insert into person (id, username, password, is_superuser, first_name, last_name, email, is_staff, is_active, date_joined, is_service)
  values (2, 'bench-administrator', '!', false, '', '', '', false, true, now(), false);
insert into team (id, slug, name, created_at) values (1, 'bench', 'Bench', now());
insert into membership (team_id, person_id, role, granted_by_id, granted_at) values (1, 1, 'contributor', 2, now());
insert into project (id, team_id, slug, name, purpose, created_by_id, created_at)
  values ('00000000-0000-4000-8000-000000000001', 1, 'bench', 'Bench', '', 1, now());
insert into registered_model (id, team_id, project_id, slug, description, created_by_id, created_at)
  select ('00000000-0000-4000-9000-' || lpad(g::text, 12, '0'))::uuid, 1, '00000000-0000-4000-8000-000000000001', 'model-' || g, '', 1, now()
    from generate_series(0, %(models)s - 1) g;
insert into model_version (id, model_id, team_id, label, registered_by_id, root_digest, stage, standing, evidence_rev, touched, registered_at)
  select ('00000000-0000-4000-a000-' || lpad(g::text, 12, '0'))::uuid, ('00000000-0000-4000-9000-' || lpad((g %% %(models)s)::text, 12, '0'))::uuid,
         1, 'v' || g, 1, encode(sha256(convert_to(g::text, 'UTF8')), 'hex'), 'inference', 'good', 1, 0, now()
    from generate_series(0, %(versions)s - 1) g;
insert into attestation (id, version_id, stage, verdict_id, seq, root_digest, passed, created_at, expires_at, signed_at, key_id, envelope, body, etag)
  select gen_random_uuid(), ('00000000-0000-4000-a000-' || lpad(g::text, 12, '0'))::uuid, 'inference', gen_random_uuid(), g,
         encode(sha256(convert_to(g::text, 'UTF8')), 'hex'), true, now(), now() + interval '30 days', now(), 'k', '\x00',
         convert_to(%(body)s || g || '"}}', 'UTF8'), md5(g::text)
    from generate_series(0, %(versions)s - 1) g;
insert into token (id, name, prefix, digest, acts_as_id, team_ids, scopes, created_at, created_by_id, expires_at)
  values (gen_random_uuid(), 'bench', 'assay_', %(token)s, 1, '{1}', '{verdict:read}', now(), 1, now() + interval '1 day');

-- What every governed row must obey, whoever writes it.

create function refuse_change() returns trigger language plpgsql as $f$
begin
  raise exception 'gate: rows of % are never changed or deleted', tg_table_name using errcode = '23514';
end $f$;

do $d$
declare t text;
begin
  foreach t in array array['audit_event', 'transition', 'sign_off', 'sign_off_withdrawal', 'waiver', 'waiver_grant',
    'verdict', 'evidence_snapshot', 'measurement', 'evidence_file', 'document_revision', 'authorship', 'lineage_edge',
    'policy_revision', 'policy_publication', 'policy_activation', 'stage_rule', 'required_evaluation', 'threshold',
    'required_document', 'sign_off_rule', 'trust_need', 'artifact', 'artifact_file', 'reauthentication', 'risk_assessment']
  loop
    execute format('create trigger aa_no_change before update or delete on %I for each row execute function refuse_change()', t);
    execute format('create trigger aa_no_truncate before truncate on %I for each statement execute function refuse_change()', t);
    execute format('alter table %I enable always trigger aa_no_change', t);
    execute format('alter table %I enable always trigger aa_no_truncate', t);
  end loop;
  foreach t in array array['model_version', 'risk', 'evaluation', 'attestation', 'document', 'stage_edge'] loop
    execute format('create trigger aa_no_delete before delete on %I for each row execute function refuse_change()', t);
    execute format('create trigger aa_no_truncate before truncate on %I for each statement execute function refuse_change()', t);
    execute format('alter table %I enable always trigger aa_no_delete', t);
    execute format('alter table %I enable always trigger aa_no_truncate', t);
  end loop;
end $d$;

-- NaN compares as greater than everything, so it would pass a limit; neither it nor an infinity is a measurement.
alter table measurement add constraint a_measurement_is_finite check (
  (value is null or (value > '-Infinity' and value < 'Infinity')) and (low is null or (low > '-Infinity' and low < 'Infinity'))
  and (high is null or (high > '-Infinity' and high < 'Infinity')) and (low is null or high is null or low <= high));
alter table threshold add constraint a_limit_is_finite check ("limit" > '-Infinity' and "limit" < 'Infinity'
  and tolerance >= 0 and tolerance < 'Infinity');
alter table artifact add constraint digests_are_sha256 check (root_digest ~ '^[0-9a-f]{64}$' and manifest_digest ~ '^[0-9a-f]{64}$');
alter table evidence_snapshot add constraint a_snapshot_has_its_digest check (digest = encode(sha256(convert_to(body, 'UTF8')), 'hex'));
alter table artifact_file add constraint a_file_digest_is_sha256 check (sha256 ~ '^[0-9a-f]{64}$' and size >= 0);

-- What both judges tell apart by its name is one of the names they know.
do $d$
declare rule record;
begin
  for rule in select * from (values
    ('model_version', 'stage', '{scoping,data,preprocessing,training,inference,retired}'), ('model_version', 'standing', '{good,suspended,withdrawn}'),
    ('membership', 'role', '{contributor,reviewer,auditor,administrator}'), ('trust_need', 'level', '{high,medium,low}'),
    ('risk', 'priority', '{low,medium,high,critical}'), ('risk', 'treatment', '{"",reduce,avoid,transfer,accept}'),
    ('evaluation', 'state', '{queued,running,cancelling,cancelled,done,failed,failed_infra}'),
    ('evaluation', 'assurance', '{self-reported,platform-run,reproduced}'), ('measurement', 'status', '{ok,insufficient_data,not_applicable,error}'),
    ('required_evaluation', 'assurance', '{self-reported,platform-run,reproduced}'), ('threshold', 'direction', '{at_least,at_most,within}'),
    ('threshold', 'need_level', '{high,medium,low,any}'), ('stage_rule', 'block_from', '{"",low,medium,high,critical}'),
    ('sign_off', 'meaning', '{approve,request_changes}')) as known(name, col, allowed)
  loop
    execute format('alter table %I add constraint %I check (%I = any (%L::text[]))', rule.name, 'a_known_' || rule.col, rule.col, rule.allowed);
  end loop;
end $d$;

create sequence sign_off_order;
create sequence attestation_order;

create function add_author(p_version uuid, p_person bigint, p_why text) returns void
language sql security definer set search_path = assay, pg_temp as $f$
  -- Who made a token for the account that acted had a hand in it too.
  insert into authorship (version_id, person_id, why)
  select p_version, a.person, p_why from (
    select p_person as person union select t.created_by_id from token t join person s on s.id = t.acts_as_id
     where t.acts_as_id = p_person and s.is_service) a
  on conflict (version_id, person_id) do nothing
$f$;

create function bump(p_version uuid) returns void language sql security definer set search_path = assay, pg_temp as $f$
  update model_version set evidence_rev = evidence_rev + 1 where id = p_version
$f$;

create function bump_all(p_versions uuid[]) returns void language plpgsql security definer set search_path = assay, pg_temp as $f$
declare one uuid;
begin   -- always in the order of their ids, so that two of them can't wait for one another
  for one in select distinct x from unnest(p_versions) x order by x loop perform bump(one); end loop;
end $f$;

create function stamp_version() returns trigger language plpgsql security definer set search_path = assay, pg_temp as $f$
begin
  if tg_op = 'INSERT' then
    new.stage := 'scoping'; new.standing := 'good'; new.evidence_rev := 0; new.touched := 0; new.registered_at := clock_timestamp();
    if new.team_id is distinct from (select team_id from registered_model where id = new.model_id) then
      raise exception 'gate: a version belongs to its model''s team' using errcode = '23514';
    end if;
  end if;
  if tg_op = 'UPDATE' and old.artifact_id is not null and new.artifact_id is distinct from old.artifact_id then
    raise exception 'gate: the files of a version are never exchanged; register a new version' using errcode = '23514';
  end if;
  if new.artifact_id is not null and (tg_op = 'INSERT' or old.artifact_id is null) then
    new.root_digest := (select root_digest from artifact where id = new.artifact_id);
    if tg_op = 'UPDATE' then new.evidence_rev := new.evidence_rev + 1; end if;
  elsif tg_op = 'INSERT' then
    new.root_digest := null;
  end if;
  return new;
end $f$;
create trigger mm_stamp before insert or update on model_version for each row execute function stamp_version();

create function author_version() returns trigger language plpgsql security definer set search_path = assay, pg_temp as $f$
declare maker bigint;
begin
  if tg_op = 'INSERT' then perform add_author(new.id, new.registered_by_id, 'registered it'); end if;
  if new.artifact_id is not null and (tg_op = 'INSERT' or old.artifact_id is null) then
    select created_by_id into maker from artifact where id = new.artifact_id;
    perform add_author(new.id, maker, 'brought its files');
  end if;
  return null;
end $f$;
create trigger mm_author after insert or update of artifact_id on model_version for each row execute function author_version();

create function bump_author() returns trigger language plpgsql security definer set search_path = assay, pg_temp as $f$
begin perform bump(new.version_id); return null; end $f$;
create trigger mm_bump after insert on authorship for each row execute function bump_author();

create function on_risk() returns trigger language plpgsql security definer set search_path = assay, pg_temp as $f$
begin
  if tg_op = 'INSERT' then
    new.recorded_at := clock_timestamp();
    if new.version_id is distinct from (select version_id from risk_assessment where id = new.assessment_id) then
      raise exception 'gate: a risk belongs to its assessment''s version' using errcode = '23514';
    end if;
    if new.carried_from_id is not null and new.version_id is distinct from (select version_id from risk where id = new.carried_from_id) then
      raise exception 'gate: a risk is carried within one version' using errcode = '23514';
    end if;
  end if;
  perform bump(new.version_id);
  perform add_author(new.version_id, new.updated_by_id, 'rated a risk');
  return new;
end $f$;
create trigger mm_risk before insert or update on risk for each row execute function on_risk();

create function on_assessment() returns trigger language plpgsql security definer set search_path = assay, pg_temp as $f$
begin new.opened_at := clock_timestamp(); perform bump(new.version_id); return new; end $f$;
create trigger mm_assessment before insert on risk_assessment for each row execute function on_assessment();

create function on_document_revision() returns trigger language plpgsql security definer set search_path = assay, pg_temp as $f$
declare d document; one uuid;
begin
  new.written_at := clock_timestamp();
  select * into d from document where id = new.document_id;
  if d.model_version_id is not null then
    perform bump(d.model_version_id);
    perform add_author(d.model_version_id, new.written_by_id, 'wrote its card');
  else
    -- Updated here and where lineage is recorded: of a new sheet and a new child, the later one sees the earlier.
    update dataset_version set notes = notes where id = d.dataset_version_id;
    for one in select distinct child_model_id from lineage_edge
                where parent_dataset_id = d.dataset_version_id and child_model_id is not null order by 1 loop
      perform bump(one);
      perform add_author(one, new.written_by_id, 'wrote a datasheet it rests on');
    end loop;
  end if;
  return new;
end $f$;
create trigger mm_document before insert on document_revision for each row execute function on_document_revision();

create function on_lineage() returns trigger language plpgsql security definer set search_path = assay, pg_temp as $f$
declare child uuid := coalesce(new.child_model_id, new.child_dataset_id); parent uuid := coalesce(new.parent_model_id, new.parent_dataset_id);
  writer bigint;
begin
  -- One at a time: two inserts can close a cycle that neither sees.
  perform pg_advisory_xact_lock(hashtext('assay.lineage'));
  if child = parent or exists (
    with recursive up(node, depth) as (
      select parent, 0 union
      select coalesce(e.parent_model_id, e.parent_dataset_id), up.depth + 1 from up
        join lineage_edge e on coalesce(e.child_model_id, e.child_dataset_id) = up.node where up.depth < 10000)
    select from up where node = child) then
    raise exception 'gate: this would make a version its own ancestor' using errcode = '23514';
  end if;
  new.recorded_at := clock_timestamp();
  update dataset_version set notes = notes where id = new.parent_dataset_id;
  if new.child_model_id is not null then
    perform bump(new.child_model_id);
    for writer in select distinct r.written_by_id from document_revision r join document d on d.id = r.document_id
                   where d.dataset_version_id = new.parent_dataset_id loop
      perform add_author(new.child_model_id, writer, 'wrote a datasheet it rests on');
    end loop;
  end if;
  return new;
end $f$;
create trigger mm_lineage before insert on lineage_edge for each row execute function on_lineage();
create index lineage_up on lineage_edge (coalesce(child_model_id, child_dataset_id));

create function on_trust_need() returns trigger language plpgsql security definer set search_path = assay, pg_temp as $f$
begin
  new.set_at := clock_timestamp();
  perform bump_all(array(select v.id from model_version v join registered_model m on m.id = v.model_id where m.project_id = new.project_id));
  return new;
end $f$;
create trigger mm_need before insert on trust_need for each row execute function on_trust_need();

create function end_once() returns trigger language plpgsql security definer set search_path = assay, pg_temp as $f$
begin
  -- By the database's clock, which a move's judge goes by too: whether a role still ran then has one answer for good.
  if tg_op = 'INSERT' then
    new.granted_at := clock_timestamp(); new.ended_at := null;
  elsif old.ended_at is not null then
    raise exception 'gate: what has ended stays ended; grant it anew' using errcode = '23514';
  elsif new.ended_at is not null then
    new.ended_at := clock_timestamp();
  end if;
  return new;
end $f$;
create trigger mm_end before insert or update on membership for each row execute function end_once();
create trigger mm_end before insert or update on reviewer_expertise for each row execute function end_once();

create function on_reauthentication() returns trigger language plpgsql security definer set search_path = assay, pg_temp as $f$
begin new.at := clock_timestamp(); return new; end $f$;
create trigger mm_stamp before insert on reauthentication for each row execute function on_reauthentication();

create function stamp_audit() returns trigger language plpgsql security definer set search_path = assay, pg_temp as $f$
begin
  new.at := clock_timestamp(); new.xid := pg_current_xact_id()::text::bigint;
  new.leaf := sha256('\x00'::bytea || convert_to(new.body, 'UTF8'));
  return new;
end $f$;
create trigger mm_stamp before insert on audit_event for each row execute function stamp_audit();

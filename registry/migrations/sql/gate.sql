-- The database's own judge. It answers with the same requirement ids as the Python gate, and only a plain true passes.

create function assurance_rank(a text) returns int language sql immutable as $f$
  select case a when 'self-reported' then 1 when 'platform-run' then 2 when 'reproduced' then 3 else 0 end
$f$;
create function priority_rank(p text) returns int language sql immutable as $f$
  select case p when 'low' then 1 when 'medium' then 2 when 'high' then 3 when 'critical' then 4 else 9 end
$f$;

create function may_sign(p_person bigint, p_version uuid) returns boolean language sql stable set search_path = assay, pg_temp as $f$
  select exists (select from person p join membership m on m.person_id = p.id
                   join model_version v on v.team_id = m.team_id and v.id = p_version
                  where p.id = p_person and p.is_active and not p.is_service and m.role = 'reviewer' and m.ended_at is null)
     and not exists (select from authorship a where a.version_id = p_version and a.person_id = p_person)
$f$;

create function unmet_evidence(v model_version, p_project uuid, p_revision uuid, p_to text)
returns table (requirement text, found text) language sql set search_path = assay, pg_temp as $f$
  select 'evaluation:' || q.id, coalesce(e.id::text, '0')
    from required_evaluation q left join lateral (
      select x.* from evaluation x where x.version_id = v.id and x.spec_digest = q.spec_digest and x.root_digest = v.root_digest
         and x.state <> 'cancelled' order by x.requested_at desc, x.id desc limit 1) e on true
   where q.revision_id = p_revision and q.to_stage = p_to
     and not coalesce(e.state = 'done' and assurance_rank(e.assurance) >= assurance_rank(q.assurance)
                      and e.finished_at > clock_timestamp() - q.max_age, false)
  union all
  select 'threshold:' || t.id, coalesce(m.id::text, '0')
    from threshold t join required_evaluation q on q.id = t.evaluation_id
    left join lateral (
      select x.* from measurement x where x.version_id = v.id and x.root_digest = v.root_digest and x.spec_digest = q.spec_digest
         and x.metric = t.metric and x.slice = t.slice order by x.id desc limit 1) m on true
   where q.revision_id = p_revision and q.to_stage = p_to
     and (t.need_level = 'any' or t.need_level = need_of(p_project, t.aspect))
     and not coalesce(m.status = 'ok' and m.low is not null and m.high is not null
       and assurance_rank(m.assurance) >= assurance_rank(q.assurance)
       and m.measured_at > clock_timestamp() - q.max_age and m.excluded <@ t.excluded_allowed
       and case t.direction when 'at_least' then m.low >= t."limit" when 'at_most' then m.high <= t."limit"
             when 'within' then m.low >= t."limit" - t.tolerance and m.high <= t."limit" + t.tolerance end, false)
  union all
  select 'document:' || d.id, coalesce(string_agg(coalesce(s.revision, 0)::text, ',' order by coalesce(s.revision, 0)) filter (where s.subject is not null), '0')
    from required_document d left join lateral (
      select 'model_card' as kind, v.id as subject, r.* from (select 1) one left join lateral (
        select x.id as revision, x.answered, x.applicable, x.unknown from document_revision x join document y on y.id = x.document_id
         where y.kind = 'model_card' and y.model_version_id = v.id order by x.id desc limit 1) r on true
      union all
      select 'datasheet', p.parent_dataset_id, r.* from (
        select distinct parent_dataset_id from lineage_edge where child_model_id = v.id and parent_dataset_id is not null) p
        left join lateral (
        select x.id, x.answered, x.applicable, x.unknown from document_revision x join document y on y.id = x.document_id
         where y.kind = 'datasheet' and y.dataset_version_id = p.parent_dataset_id order by x.id desc limit 1) r on true
      ) s on s.kind = d.kind
   where d.revision_id = p_revision and d.to_stage = p_to
   group by d.id
  having not bool_and(coalesce(s.applicable > 0 and s.answered * 100 >= d.min_percent * s.applicable
                               and not (s.unknown && d.must_know), false))
$f$;

create function unmet_people(v model_version, p_revision uuid, p_to text)
returns table (requirement text, found text) language sql set search_path = assay, pg_temp as $f$
  select 'assessment:0', '0' where exists (select from stage_rule s where s.revision_id = p_revision and s.to_stage = p_to and s.block_from <> '')
     and not exists (select from risk_assessment a where a.version_id = v.id and a.stage = v.stage)
  union all
  select k.kind || ':' || r.id, r.id::text
    from risk r join stage_rule s on s.revision_id = p_revision and s.to_stage = p_to and s.block_from <> ''
    cross join lateral (values ('risk', priority_rank(r.priority) >= priority_rank(s.block_from)),
                               ('treatment', r.treatment = '' or r.owner_id is null)) k(kind, bars)
   where r.version_id = v.id and not r.is_resolved and k.bars
     and not exists (select from risk c where c.carried_from_id = r.id)
  union all
  select 'sign_off:' || q.id, '0'
    from sign_off_rule q
   where q.revision_id = p_revision and q.to_stage = p_to and q.people > (
     select count(*) from (
       select distinct on (s.signed_by_id) s.* from sign_off s
        where s.version_id = v.id and s.to_stage = p_to and s.evidence_rev = v.evidence_rev
        order by s.signed_by_id, s.seq desc) s
      where s.expertise = q.expertise and s.meaning = 'approve' and may_sign(s.signed_by_id, v.id)
        and not exists (select from sign_off_withdrawal w where w.sign_off_id = s.id)
        and exists (select from reviewer_expertise x where x.team_id = v.team_id and x.person_id = s.signed_by_id
                       and x.expertise = s.expertise and x.ended_at is null))
$f$;

create function unmet(p_version uuid, p_to text)
returns table (requirement text, found text, waived_until timestamptz) language plpgsql set search_path = assay, pg_temp as $f$
declare v model_version; e stage_edge; project uuid; revision uuid;
begin
  select * into v from model_version where id = p_version;
  select * into e from stage_edge s where s.from_stage = v.stage and s.to_stage = p_to;
  if e.id is null then return query select 'edge:0', '0', null::timestamptz; return; end if;
  select m.project_id into project from registered_model m where m.id = v.model_id;
  revision := active_revision(project);
  return query
    select u.requirement, u.found, w.until from (
      select 'policy:0' as requirement, '0' as found where e.guarded and not exists (
        select from sign_off_rule s where s.revision_id = revision and s.to_stage = p_to)
      union all select 'artifact:0', '0' where e.needs_artifact and v.root_digest is null
      -- What was suspended comes back by a new decision about the stage it is at, and by nothing else.
      union all select 'standing:0', '0' where v.standing <> 'good' and p_to <> 'retired' and not (v.standing = 'suspended' and p_to = v.stage)
      union all select * from unmet_evidence(v, project, revision, p_to)
      union all select * from unmet_people(v, revision, p_to)) u
    left join lateral (
      select max(x.expires_at) as until from waiver x
       where x.version_id = v.id and x.to_stage = p_to and x.requirement = u.requirement and x.found = u.found
         and x.expires_at > clock_timestamp()
         and split_part(u.requirement, ':', 1) in ('threshold', 'evaluation', 'document', 'risk', 'treatment')
         and (select count(distinct g.granted_by_id) from waiver_grant g where g.waiver_id = x.id and g.version_id = v.id
                 and g.granted_by_id <> x.requested_by_id and may_sign(g.granted_by_id, v.id)) >= 2) w on true;
end $f$;

create function on_snapshot() returns trigger language plpgsql security definer set search_path = assay, pg_temp as $f$
begin
  -- Of evidence that is yet to come nobody has seen anything.
  if new.evidence_rev is distinct from (select evidence_rev from model_version where id = new.version_id) then
    raise exception 'gate: the evidence changed since it was looked at' using errcode = '23514';
  end if;
  return new;
end $f$;
create trigger mm_snapshot before insert on evidence_snapshot for each row execute function on_snapshot();

create function bind_sign_off() returns trigger language plpgsql security definer set search_path = assay, pg_temp as $f$
declare rev bigint; proof reauthentication;
begin
  -- Touching the row makes a signature and a move wait for one another; the revision stays, or a second signature voided the first.
  update model_version set touched = touched + 1 where id = new.version_id returning evidence_rev into strict rev;
  if new.evidence_rev is distinct from rev then
    raise exception 'gate: the evidence changed since it was shown' using errcode = '23514';
  end if;
  if not exists (select from evidence_snapshot s where s.id = new.snapshot_id and s.version_id = new.version_id
                    and s.to_stage = new.to_stage and s.evidence_rev = rev) then
    raise exception 'gate: a signature covers the digest of the evidence that was shown' using errcode = '23514';
  end if;
  select * into proof from reauthentication where id = new.reauthentication_id for no key update;
  if proof.person_id is distinct from new.signed_by_id or proof.at < clock_timestamp() - interval '5 minutes' then
    raise exception 'gate: signing needs a fresh proof of who signs' using errcode = '23514';
  end if;
  if exists (select from waiver_grant g where g.reauthentication_id = proof.id) then
    raise exception 'gate: a proof of presence serves once' using errcode = '23514';
  end if;
  new.signed_at := clock_timestamp(); new.seq := nextval('sign_off_order');
  return new;
end $f$;
create trigger mm_sign before insert on sign_off for each row execute function bind_sign_off();

create function on_withdrawal() returns trigger language plpgsql security definer set search_path = assay, pg_temp as $f$
declare v model_version;
begin
  -- Locked in a statement of its own: what is read next then sees the move that was waited for.
  select * into v from model_version where id = new.version_id for no key update;
  if not exists (select from sign_off s where s.id = new.sign_off_id and s.version_id = new.version_id and s.signed_by_id = new.withdrawn_by_id) then
    raise exception 'gate: a person withdraws their own signature' using errcode = '23514';
  end if;
  -- An approval whose signature is taken back is an approval no longer.
  update model_version set touched = touched + 1, standing = case when v.standing = 'good' and exists (
      select from sign_off s where s.id = new.sign_off_id and s.to_stage = v.stage and s.evidence_rev = (
        select t.evidence_rev from transition t where t.version_id = v.id order by t.at desc limit 1))
    then 'suspended' else standing end where id = v.id;
  new.withdrawn_at := clock_timestamp();
  return new;
end $f$;
create trigger mm_withdraw before insert on sign_off_withdrawal for each row execute function on_withdrawal();

create function on_waiver() returns trigger language plpgsql security definer set search_path = assay, pg_temp as $f$
declare hours int;
begin
  new.requested_at := clock_timestamp();
  select r.max_waiver_hours into hours from model_version v join registered_model m on m.id = v.model_id
    join policy_revision r on r.id = active_revision(m.project_id) where v.id = new.version_id;
  if hours is null or new.expires_at > clock_timestamp() + make_interval(hours => hours) or new.expires_at <= clock_timestamp() then
    raise exception 'gate: a waiver ends within % hours', coalesce(hours, 0) using errcode = '23514';
  end if;
  if split_part(new.requirement, ':', 1) not in ('threshold', 'evaluation', 'document', 'risk', 'treatment') then
    raise exception 'gate: % can''t be waived', new.requirement using errcode = '23514';
  end if;
  perform add_author(new.version_id, new.requested_by_id, 'asked for a waiver');
  return new;
end $f$;
create trigger mm_waiver before insert on waiver for each row execute function on_waiver();

create function on_grant() returns trigger language plpgsql security definer set search_path = assay, pg_temp as $f$
declare w waiver; proof reauthentication;
begin
  select * into w from waiver where id = new.waiver_id;
  if w.version_id is distinct from new.version_id then
    raise exception 'gate: a grant names the version of its waiver' using errcode = '23514';
  end if;
  if new.granted_by_id = w.requested_by_id or not may_sign(new.granted_by_id, new.version_id) then
    raise exception 'gate: a waiver is granted by reviewers who neither asked for it nor are authors' using errcode = '23514';
  end if;
  select * into proof from reauthentication where id = new.reauthentication_id for no key update;
  if proof.person_id is distinct from new.granted_by_id or proof.at < clock_timestamp() - interval '5 minutes' then
    raise exception 'gate: granting needs a fresh proof of who grants' using errcode = '23514';
  end if;
  if exists (select from sign_off s where s.reauthentication_id = proof.id) then
    raise exception 'gate: a proof of presence serves once' using errcode = '23514';
  end if;
  new.granted_at := clock_timestamp();
  perform bump(new.version_id);
  return new;
end $f$;
create trigger mm_grant before insert on waiver_grant for each row execute function on_grant();

create function judge_transition() returns trigger language plpgsql security definer set search_path = assay, pg_temp as $f$
declare v model_version; e stage_edge; missing text[]; waived text[]; until timestamptz; validity interval;
begin
  select * into v from model_version where id = new.version_id for no key update;   -- the row all evidence writes update
  if v.id is null then raise exception 'gate: no such version' using errcode = '23514'; end if;
  select * into e from stage_edge s where s.from_stage = v.stage and s.to_stage = new.to_stage;
  if e.id is null then
    raise exception 'gate: no edge % -> %', v.stage, new.to_stage using errcode = '23514', detail = '["edge:0"]';
  end if;
  -- Who ends a role at this moment is waited for, or waits: nobody's signature counts whose role had ended before.
  perform from membership m where m.team_id = v.team_id and m.role = 'reviewer' and m.ended_at is null for share;
  perform from reviewer_expertise x where x.team_id = v.team_id and x.ended_at is null for share;
  new.from_stage := v.stage; new.evidence_rev := v.evidence_rev; new.at := clock_timestamp(); new.kind := 'ordinary'; new.expires_at := null;
  select array_agg(u.requirement order by u.requirement) filter (where u.waived_until is null),
         array_agg(u.requirement order by u.requirement) filter (where u.waived_until is not null), min(u.waived_until)
    into missing, waived, until from unmet(new.version_id, new.to_stage) u;
  if missing is not null then
    raise exception 'gate: requirements unmet' using errcode = '23514', detail = to_json(missing)::text;
  end if;
  -- The verdict is what gets signed: it is of this evidence and this policy, and owns up to every waiver.
  if not coalesce((
    select d.version_id = v.id and d.to_stage = new.to_stage and d.outcome = 'passed' and s.evidence_rev = v.evidence_rev
       and s.version_id = v.id and d.policy_revision_id is not distinct from active_revision(m.project_id)
       and coalesce(waived, '{}') = array(select w from jsonb_array_elements_text(d.body -> 'waived') w order by w)
      from verdict d join evidence_snapshot s on s.id = d.snapshot_id join registered_model m on m.id = v.model_id
     where d.id = new.verdict_id), false) then
    raise exception 'gate: a move carries the verdict it rests on' using errcode = '23514';
  end if;
  if e.guarded then
    select s.validity into strict validity from stage_rule s join registered_model m on m.id = v.model_id
     where s.revision_id = active_revision(m.project_id) and s.to_stage = new.to_stage;
    new.expires_at := least(clock_timestamp() + validity, until);
  end if;
  if waived is not null then new.kind := 'waived'; end if;
  -- A move is news too: no signature serves for two, or an approval would be renewed by those that made it.
  update model_version set stage = new.to_stage, evidence_rev = evidence_rev + 1,
    standing = case new.to_stage when 'retired' then 'withdrawn' when v.stage then 'good' else standing end where id = v.id;
  return new;
end $f$;
create trigger zz_judge before insert on transition for each row execute function judge_transition();

create function attest_transition() returns trigger language plpgsql security definer set search_path = assay, pg_temp as $f$
begin
  if exists (select from stage_edge e where e.from_stage = new.from_stage and e.to_stage = new.to_stage and e.guarded) then
    insert into attestation (id, version_id, stage, verdict_id, transition_id, passed, expires_at)
    values (gen_random_uuid(), new.version_id, new.to_stage, new.verdict_id, new.id, true, new.expires_at);
  end if;
  return null;
end $f$;
create trigger zz_attest after insert on transition for each row execute function attest_transition();

create function stamp_attestation() returns trigger language plpgsql security definer set search_path = assay, pg_temp as $f$
begin
  if tg_op = 'UPDATE' then
    if old.envelope is not null then
      raise exception 'gate: a signed statement is never changed' using errcode = '23514';
    end if;
    new.signed_at := clock_timestamp();
    return new;
  end if;
  -- A yes is made by the judge's own trigger, or renewed by the notary from one that it signed before.
  if new.passed and not coalesce(new.transition_id is not null and (pg_trigger_depth() >= 2 or (session_user = 'assay_notary'
     and exists (select from attestation a where a.transition_id = new.transition_id and a.passed and a.envelope is not null))), false) then
    raise exception 'gate: only a move that was judged yields a yes' using errcode = '23514';
  end if;
  if not coalesce((select d.version_id = new.version_id and d.to_stage = new.stage from verdict d where d.id = new.verdict_id), false) then
    raise exception 'gate: an answer belongs to its verdict' using errcode = '23514';
  end if;
  new.root_digest := (select root_digest from model_version where id = new.version_id);
  new.seq := nextval('attestation_order'); new.created_at := clock_timestamp();
  return new;
end $f$;
create trigger mm_stamp before insert or update on attestation for each row execute function stamp_attestation();

create function suspend_lapsed(p_version uuid) returns boolean language plpgsql security definer set search_path = assay, pg_temp as $f$
declare v model_version;
begin
  -- Locked in a statement of its own: what is read next then sees the renewal that was waited for.
  select * into v from model_version where id = p_version for no key update;
  if not coalesce(v.standing = 'good' and v.stage <> 'retired' and (
      select t.expires_at from transition t where t.version_id = v.id order by t.at desc limit 1) <= clock_timestamp(), false) then
    return false;
  end if;
  update model_version set standing = 'suspended' where id = v.id;
  return true;
end $f$;

-- A signed yes lasts thirty days at most; while the approval lasts longer, the notary gets a new one to sign in time.
create function renew_attestations() returns int language plpgsql security definer set search_path = assay, pg_temp as $f$
declare renewed int;
begin
  insert into attestation (id, version_id, stage, verdict_id, transition_id, passed, expires_at)
  select gen_random_uuid(), a.version_id, a.stage, a.verdict_id, a.transition_id, true, a.expires_at
    from attestation a join model_version v on v.id = a.version_id
   where a.passed and a.envelope is not null and a.created_at < clock_timestamp() - interval '20 days' and v.standing = 'good' and v.stage = a.stage
     and (a.expires_at is null or a.expires_at > clock_timestamp() + interval '10 days')
     and not exists (select from attestation b where b.version_id = a.version_id and b.stage = a.stage and b.seq > a.seq);
  get diagnostics renewed = row_count;
  return renewed;
end $f$;

do $d$
declare r record;
begin
  for r in select t.tgname, c.relname from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
            where n.nspname = 'assay' and not t.tgisinternal and t.tgenabled <> 'A' loop
    execute format('alter table %I enable always trigger %I', r.relname, r.tgname);
  end loop;
end $d$;

-- Policies: rules are fixed once somebody agreed to them; two who did not write them publish; then one may activate.

create function on_rule() returns trigger language plpgsql security definer set search_path = assay, pg_temp as $f$
declare rev uuid;
begin
  rev := case when tg_table_name = 'threshold'
    then (select revision_id from required_evaluation where id = (to_jsonb(new) ->> 'evaluation_id')::bigint)
    else (to_jsonb(new) ->> 'revision_id')::uuid end;
  perform from policy where id = (select policy_id from policy_revision where id = rev) for no key update;
  if exists (select from policy_publication where revision_id = rev) then
    raise exception 'gate: a policy revision is fixed once somebody agreed to it' using errcode = '23514';
  end if;
  return new;
end $f$;
do $d$
declare t text;
begin
  foreach t in array array['stage_rule', 'required_evaluation', 'threshold', 'required_document', 'sign_off_rule'] loop
    execute format('create trigger mm_rule before insert on %I for each row execute function on_rule()', t);
    execute format('alter table %I enable always trigger mm_rule', t);
  end loop;
end $d$;

create function on_publication() returns trigger language plpgsql security definer set search_path = assay, pg_temp as $f$
declare soft text;
begin
  -- An update, not a lock: a writer of rules with an older snapshot must fail, not overlook this row.
  update policy set title = title where id = (select policy_id from policy_revision where id = new.revision_id);
  if new.agreed_by_id = (select written_by_id from policy_revision where id = new.revision_id) then
    raise exception 'gate: the author of a policy does not publish it' using errcode = '23514';
  end if;
  if exists (select from person where id = new.agreed_by_id and (is_service or not is_active)) then
    raise exception 'gate: only a person publishes a policy' using errcode = '23514';
  end if;
  select string_agg(distinct e.to_stage, ', ') into soft from stage_edge e where e.guarded and not exists (
    select from sign_off_rule s where s.revision_id = new.revision_id and s.to_stage = e.to_stage);
  if soft is not null then
    raise exception 'gate: the policy asks for no signature before %', soft using errcode = '23514';
  end if;
  select string_agg(distinct e.to_stage, ', ') into soft from stage_edge e where e.guarded and not exists (
    select from stage_rule s where s.revision_id = new.revision_id and s.to_stage = e.to_stage);
  if soft is not null then
    raise exception 'gate: the policy says not how long an approval for % lasts', soft using errcode = '23514';
  end if;
  new.agreed_at := clock_timestamp();
  return new;
end $f$;
create trigger mm_publication before insert on policy_publication for each row execute function on_publication();

create function on_activation() returns trigger language plpgsql security definer set search_path = assay, pg_temp as $f$
begin
  if (select count(distinct agreed_by_id) from policy_publication where revision_id = new.revision_id) < 2 then
    raise exception 'gate: a policy applies only after two people agreed to it' using errcode = '23514';
  end if;
  if new.activated_by_id = (select written_by_id from policy_revision where id = new.revision_id) then
    raise exception 'gate: the author of a policy does not activate it' using errcode = '23514';
  end if;
  if (select team_id from project where id = new.project_id) is distinct from
     (select p.team_id from policy_revision r join policy p on p.id = r.policy_id where r.id = new.revision_id) then
    raise exception 'gate: a policy applies to projects of its own team' using errcode = '23514';
  end if;
  new.activated_at := clock_timestamp();
  perform bump_all(array(select v.id from model_version v join registered_model m on m.id = v.model_id where m.project_id = new.project_id));
  return new;
end $f$;
create trigger mm_activation before insert on policy_activation for each row execute function on_activation();

create function active_revision(p_project uuid) returns uuid language sql stable set search_path = assay, pg_temp as $f$
  select revision_id from policy_activation where project_id = p_project order by id desc limit 1
$f$;

create function need_of(p_project uuid, p_aspect text) returns text language sql stable set search_path = assay, pg_temp as $f$
  select coalesce((select level from trust_need where project_id = p_project and aspect = p_aspect order by id desc limit 1), 'high')
$f$;

-- What a run compares with is said when it is asked for, and never afterwards: there is no right to update it.
grant insert (reference_id, baseline_id) on evaluation to assay_app;
grant insert (kind) on registered_model to assay_app;
alter table registered_model add constraint a_known_kind check (kind = any ('{"",tabular,text,image,generative}'::text[]));

-- What a run reads belongs to the team whose version is measured: no other team's bytes reach its worker.
create function on_inputs() returns trigger language plpgsql security definer set search_path = assay, pg_temp as $f$
declare team model_version.team_id%type := (select team_id from model_version where id = new.version_id);
begin
  if exists (select from artifact a where a.id in (new.table_id, new.reference_id) and a.team_id <> team)
     or exists (select from model_version b where b.id = new.baseline_id and b.team_id <> team) then
    raise exception 'gate: a run reads what its own team has' using errcode = '23514';
  end if;
  return new;
end $f$;
revoke all on function on_inputs() from public;
create trigger mm_inputs before insert on evaluation for each row execute function on_inputs();
alter table evaluation enable always trigger mm_inputs;

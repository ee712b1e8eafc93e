-- Runs and their measurements: only the winning attempt stores, and only the worker's login can say "run here".

create function on_evaluation() returns trigger language plpgsql security definer set search_path = assay, pg_temp as $f$
begin
  if tg_op = 'INSERT' then
    new.requested_at := clock_timestamp();
    new.root_digest := (select root_digest from model_version where id = new.version_id);
    if new.root_digest is null then
      raise exception 'gate: the version has no files or digests to measure' using errcode = '23514';
    end if;
    if new.assurance = 'reproduced' then
      raise exception 'gate: nobody declares a run reproduced' using errcode = '23514';
    end if;
    if new.state = 'done' and new.assurance = 'self-reported' then
      new.finished_at := clock_timestamp();
    elsif new.state <> 'queued' then
      raise exception 'gate: a run starts queued' using errcode = '23514';
    end if;
    perform bump(new.version_id);
    return new;
  end if;
  if old.state in ('done', 'failed', 'failed_infra', 'cancelled') and new is distinct from old then
    raise exception 'gate: a run that is over is never changed' using errcode = '23514';
  end if;
  if new.state = 'done' then
    if session_user <> 'assay_worker' or old.state <> 'running' then
      raise exception 'gate: only the worker that holds a running evaluation finishes it' using errcode = '23514';
    end if;
    new.finished_at := clock_timestamp();
  end if;
  if new.state is distinct from old.state and new.state in ('done', 'failed', 'failed_infra', 'cancelled') then
    perform bump(new.version_id);
  end if;
  return new;
end $f$;
create trigger mm_evaluation before insert or update on evaluation for each row execute function on_evaluation();

create function on_measurement() returns trigger language plpgsql security definer set search_path = assay, pg_temp as $f$
declare e evaluation;
begin
  select * into e from evaluation where id = new.evaluation_id;
  if e.id is null or new.version_id is distinct from e.version_id or new.attempt is distinct from e.attempt then
    raise exception 'gate: a measurement belongs to the winning attempt of its run' using errcode = '23514';
  end if;
  -- Finishing and storing are one transaction: nothing is added to a run afterwards.
  if e.state <> 'done' or e.finished_at < transaction_timestamp() then
    raise exception 'gate: measurements are stored as their run finishes' using errcode = '23514';
  end if;
  if e.assurance <> 'self-reported' and session_user <> 'assay_worker' then
    raise exception 'gate: only the worker stores measurements that were run here' using errcode = '23514';
  end if;
  new.spec_digest := e.spec_digest; new.root_digest := e.root_digest; new.assurance := e.assurance;
  new.measured_at := clock_timestamp();
  perform bump(new.version_id);
  return new;
end $f$;
create trigger mm_measurement before insert on measurement for each row execute function on_measurement();

"""Mutants of the database's judge that no test can kill, by the reason why."""

REASONS: dict[str, tuple[str, ...]] = {
    "Only the order of the ranks counts, not the numbers.": (
        "assurance_rank: ct case a when 'self-reported' then [1 -> 0] when 'platform-run' then 2 when 're",
        "assurance_rank: -run' then 2 when 'reproduced' then [3 -> 4] else 0 end",
        "priority_rank: select case p when 'low' then [1 -> 0] when 'medium' then 2 when 'high' th",
        "priority_rank: 'high' then 3 when 'critical' then [4 -> 5] else 9 end",
    ),
    "A check keeps out words that have no rank.": (
        "assurance_rank: hen 2 when 'reproduced' then 3 else [0 -> -1] end",
        "assurance_rank: hen 2 when 'reproduced' then 3 else [0 -> 1] end",
        "priority_rank: then 3 when 'critical' then 4 else [9 -> 10] end",
        "priority_rank: then 3 when 'critical' then 4 else [9 -> 8] end",
    ),
    "It differs at one moment of the clock alone, which nobody can hit.": (
        "unmet_evidence: and e.finished_at [> -> >=] clock_timestamp() - q.max_age, fals",
        "unmet_evidence: assurance) and m.measured_at [> -> >=] clock_timestamp() - q.max_age and m",
        "unmet: = u.found and x.expires_at [> -> >=] clock_timestamp() and spli",
        "bind_sign_off: t from new.signed_by_id or proof.at [< -> <=] clock_timestamp() - interval '5 min",
        "on_waiver: if hours is null or new.expires_at [> -> >=] clock_timestamp() + make_interval(h",
        "on_waiver: l(hours => hours) or new.expires_at [<= -> <] clock_timestamp() then raise ex",
        "on_grant: from new.granted_by_id or proof.at [< -> <=] clock_timestamp() - interval '5 min",
        "suspend_lapsed: = v.id order by t.at desc limit 1) [<= -> <] clock_timestamp(), false) then",
        "renew_attestations: velope is not null and a.created_at [< -> <=] clock_timestamp() - interval '20 da",
        "renew_attestations: .expires_at is null or a.expires_at [> -> >=] clock_timestamp() + interval '10 da",
    ),
    "Of a measurement or a limit, none of these columns is ever null.": (
        "unmet_evidence: igh <= t.\"limit\" + t.tolerance end, [false -> true]) union all select 'document:' |",
    ),
    "No revision has a number below 1; at 1, only the first there ever was ties with a missing one.": (
        "unmet_evidence: , ',' order by coalesce(s.revision, [0 -> -1])) filter (where s.subject is not nu",
        "unmet_evidence: , ',' order by coalesce(s.revision, [0 -> 1])) filter (where s.subject is not nu",
    ),
    "Where nothing is pinned, the one row that is left says 0 as well.": (
        "unmet_evidence: alesce(s.revision, 0)) filter (where[ s.subject is not null -> t"
        "rue ]), '0') from required_document d",
    ),
    "A row is wanted, and what stands in it is not read.": (
        "unmet_evidence: , v.id as subject, r.* from (select [1 -> 0]) one left join lateral ( se",
        "unmet_evidence: , v.id as subject, r.* from (select [1 -> 2]) one left join lateral ( se",
    ),
    "A check ties a document's kind to what it is about.": (
        "unmet_evidence: y.id = x.document_id where[ y.kind = 'model_card' -> true ]and y"
        ".model_version_id = v.id order",
        "unmet_evidence: y.id = x.document_id where[ y.kind = 'datasheet' -> true ]and y."
        "dataset_version_id = p.parent_",
    ),
    "A person grants a waiver once, by a unique constraint.": (
        "unmet: atment') and (select count([distinct -> ] g.granted_by_id) from waiver_grant",
    ),
    "Whoever asks for a waiver becomes an author, and no author may sign.": (
        "on_grant: ng errcode = '23514'; end if; if[ new.granted_by_id = w.requested_by_i"
        "d -> false ]or not may_sign(new.granted_by_id, n",
    ),
    "The edges into one stage are guarded all, or none of them is.": (
        "attest_transition: ists (select from stage_edge e where[ e.from_stage = new.from"
        "_stage -> true ]and e.to_stage = new.to_stage and e.",
        "attest_transition: rom stage_edge e where e.from_stage [= -> <>] new.from_stage and e.to_stage = new",
    ),
    "Where anything is unmet without a waiver, the move is refused before this is read.": (
        "judge_transition: rder by u.requirement) filter (where[ u.waived_until is not nu"
        "ll -> true ]), min(u.waived_until) into miss",
    ),
    "The notary writes a yes by renewing alone, and that takes only one that was signed.": (
        "stamp_attestation: sts (select from attestation a where[ a.transition_id = new.t"
        "ransition_id -> true ]and a.passed and a.envelope is not n",
    ),
    "No answer but a yes names a move: nobody may write that column.": (
        "stamp_attestation: ransition_id = new.transition_id and[ a.passed -> true ]and a"
        ".envelope is not null))), false",
    ),
    "None of its parts is ever null.": (
        "stamp_attestation: ssed and a.envelope is not null))), [false -> true]) then raise exception 'gate: on",
    ),
}
SQL = {mutant: reason for reason, mutants in REASONS.items() for mutant in mutants}

"""Waiting for the worker, with a line for every run that ends."""

import time
from collections.abc import Callable, Iterable

from django.core.management.base import CommandError

from registry.models import Evaluation
from registry.models.choices import RunState

PATIENCE_S = 600
TICK_S = 0.25
Say = Callable[[str], None]


def wait_for(
    runs: Iterable[Evaluation], *, say: Say, patience: float = PATIENCE_S, before: int = 0, total: int | None = None
) -> None:
    """Return once every run is done. CommandError names the first that ended otherwise, or says that nobody works.

    Where these are some of more runs, `before` of `total` were waited for already.
    """
    waiting, deadline = {run.pk: run for run in runs}, time.monotonic() + patience
    last = before + len(waiting)
    while waiting:
        for run in Evaluation.objects.filter(pk__in=waiting).select_related("version__model__team"):
            if run.is_over:
                del waiting[run.pk]
                end(run, say=say, count=f"{last - len(waiting)} of {total or last}")
        if waiting and time.monotonic() > deadline:
            raise CommandError(f"{len(waiting)} evaluations are still waiting. Does a worker run? See its log.")
        time.sleep(TICK_S if waiting else 0)


def end(run: Evaluation, *, say: Say, count: str) -> None:
    if run.state != RunState.DONE:
        why = run.failure.strip().splitlines()[-1:] or ["no reason given"]
        raise CommandError(f"{run} ended as {run.get_state_display().lower()}: {why[0]}. Start again to repeat it.")
    say(f"measured {run.evaluator} of {run.version} ({count})")

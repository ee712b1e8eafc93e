"""Putting the id of work on Celery, by task name, after the transaction committed.

Fire and forget: whatever is lost here, the reaper publishes again.
"""

import logging
from uuid import UUID

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

RUN_EVALUATION = "registry.run_evaluation"

logger = logging.getLogger(__name__)


def enqueue(task: str, pk: UUID, *, queue: str) -> None:
    """Publish `pk` for `task` once the surrounding transaction has committed."""

    def send() -> None:
        # Django names what failed here by its __qualname__, which a partial has not.
        publish(task, pk, queue=queue)

    transaction.on_commit(send, robust=True)


def publish(task: str, pk: UUID, *, queue: str) -> bool:
    """Publish now; False when the broker could not be reached, which the reaper makes good."""
    try:
        current_app.tasks[task].apply_async((str(pk),), queue=queue, retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("%s of %s was not published: %s", task, pk, error)
        return False
    return True

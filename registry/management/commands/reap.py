"""The reaper: an own loop, so that it doesn't share the broker's fate. It ends what time has ended."""

import logging
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import OperationalError, connection

from registry.services.lifecycle import suspend_lapsed
from registry.services.runs import reap

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """`manage.py reap`: publishes lost work again and ends what is spent or lapsed, every few seconds."""

    help = "Publish lost evaluations again, end those that are spent or cancelled, suspend what is approved no longer."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Its options."""
        parser.add_argument("--once", action="store_true", help="Look once and stop.")
        parser.add_argument("--every", type=float, default=10, help="Seconds between two looks.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Look, mend, wait."""
        while True:
            try:
                counts = reap() | {"suspended": suspend_lapsed()}
            except OperationalError as error:
                logger.warning("the database did not answer: %s", error)
                connection.close()
            else:
                if any(counts.values()):
                    logger.info("mended: %s", ", ".join(f"{n} {kind}" for kind, n in counts.items() if n))
            if options["once"]:
                return
            time.sleep(options["every"])

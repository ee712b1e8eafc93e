"""`manage.py bench`: measure what the README claims, each against its rival in the same run."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from registry.management.bench import groups, kernels, suites, verdicts
from registry.management.bench.figures import Figure, as_line
from registry.management.embedded.places import assay_home

BENCHES = {
    "groups": groups.measure,
    "kernels": kernels.measure,
    "suites": suites.measure,
    "verdicts": verdicts.measure,
}


class Command(BaseCommand):
    """Prints ratios and writes them to `bench.json` in Assay's home."""

    help = "Measure intervals, kernels, whole suites and verdict requests, against rivals where there are any."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Its options."""
        parser.add_argument("only", nargs="*", choices=[*BENCHES, []], help="Which benches; all if none is named.")
        parser.add_argument("--versions", type=int, default=1_000_000, help="Rows behind the verdict endpoint.")
        parser.add_argument("--seconds", type=float, default=6, help="Length of one round of requests.")

    def handle(self, *args: Any, only: list[str], **options: Any) -> None:
        """Measure, print, write."""
        home = assay_home()
        figures: list[Figure] = []
        for name, measure in BENCHES.items():
            if not only or name in only:
                for figure in measure(home=home, say=self.stdout.write, **options):
                    self.stdout.write(as_line(figure))
                    figures.append(figure)
        self._write(home / "bench.json", figures)

    def _write(self, path: Path, figures: list[Figure]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps([figure.as_dict() for figure in figures], indent=1) + "\n")
        self.stdout.write(f"written to {path}")

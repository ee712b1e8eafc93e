"""`manage.py seed_demo`: the demo's people, policy, data and models, trained and measured for real."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registry.exceptions import InvalidInput, Refusal
from registry.management.demo import facts, story


class Command(BaseCommand):
    """Needs the worker, which measures. May be run again at any time: it does only what is missing."""

    help = "Seed the demo: a blocked model, its repaired version, and the people who decide."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            story.tell(self.say)
        except Refusal as refusal:
            errors = refusal.errors if isinstance(refusal, InvalidInput) else {}
            raise CommandError(f"{refusal} {errors or ''}".strip()) from refusal
        self.say(f"facts in {facts.facts_file()}")

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

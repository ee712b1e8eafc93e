"""`manage.py seed_exhibits`: two more models on real data, of text and of images, trained and measured."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registry.exceptions import InvalidInput, Refusal
from registry.management.demo import people
from registry.management.demo.exhibits import EXHIBITS, Exhibit, prepare, show
from registry.management.demo.made import NotHere

GENTLY = 10


class Command(BaseCommand):
    """Runs beside the demo, out of the way of whoever uses it. May be run again: it does only what is missing."""

    help = "Seed the demo's text and image models. Takes some minutes; needs the worker."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        os.nice(GENTLY)
        cast = people.gather()
        try:
            for exhibit in EXHIBITS:
                prepare(exhibit, cast)
            for exhibit in EXHIBITS:
                self.seed(exhibit, cast)
        except Refusal as refusal:
            errors = refusal.errors if isinstance(refusal, InvalidInput) else {}
            raise CommandError(f"{refusal} {errors or ''}".strip()) from refusal

    def seed(self, exhibit: Exhibit, cast: people.Cast) -> None:
        try:
            show(exhibit, cast, say=self.say)
        except NotHere as missing:
            self.say(f"{exhibit.texts}: left out, since {missing}")

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

"""`manage.py demo`: start everything, seed the demo, say where to look, and end everything on Ctrl-C."""

import json
import os
import signal
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registry.management.embedded import pidfile
from registry.management.embedded.places import EmbeddedError, assay_home
from registry.management.embedded.stack import Stack

TICK_S = 0.5
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Command(BaseCommand):
    """One command for the whole of Assay, the same processes as in production."""

    help = "Start Postgres, Valkey, web, worker, reaper and notary with the demo's data; Ctrl-C ends all of it."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        home = assay_home()
        try:
            with only_one(home):
                self.serve(Stack(home=home, port=port, environ=os.environ, say=self.say), began=time.monotonic())
        except EmbeddedError as error:
            raise CommandError(str(error)) from None

    def serve(self, stack: Stack, *, began: float) -> None:
        with ending_by_signal():
            try:
                stack.start()
                self.present(stack.home / "demo.json", url=stack.url, seconds=time.monotonic() - began)
                while True:
                    stack.supervisor.tick()
                    time.sleep(TICK_S)
            except KeyboardInterrupt:
                self.say("demo", "stopping")
            finally:
                for number in ENDINGS:
                    signal.signal(number, signal.SIG_IGN)
                stack.stop()

    def say(self, name: str, text: str) -> None:
        self.stdout.write(f"{name:9} {text}")
        self.stdout.flush()

    def present(self, facts_file: Path, *, url: str, seconds: float) -> None:
        """What a person needs next. The same facts are in the file for programs."""
        facts = json.loads(facts_file.read_text())
        lines = ["", f"Assay is ready, started in {seconds:.0f} s:  {facts.get('url', url)}", "", "Accounts"]
        for account in facts.get("accounts", []):
            lines.append(f"  {account['username']:10} {account['password']:18} {account.get('who', '')}")
        lines += ["", "Pipeline token", f"  {facts.get('token', '')}", "", "Try"]
        lines += [f"  {number}. {text}" for number, text in enumerate(facts.get("try", []), start=1)]
        lines += ["", f"The same facts: {facts_file}. Ctrl-C ends everything; the data stays until 'make reset'."]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Two demos over the same data would take each other's broker and port."""
    note = home / "run" / "demo.pid"
    other = pidfile.recall(note)
    if other is not None:
        raise EmbeddedError(f"A demo over {home} runs already (process {other.pid}). End it first, or set ASSAY_HOME.")
    note.parent.mkdir(parents=True, exist_ok=True)
    pidfile.remember(note, os.getpid())
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


@contextmanager
def ending_by_signal() -> Iterator[None]:
    """SIGTERM and a closed terminal end the demo as Ctrl-C does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for number in ENDINGS:
        signal.signal(number, interrupt)
    yield

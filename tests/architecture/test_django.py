"""Django itself finds nothing to complain about."""

import os
import secrets
import subprocess
import sys

from tests.architecture.sources import ROOT


def manage(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error::RuntimeWarning", "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, **environ})


def test_the_system_check_is_clean() -> None:
    done = manage("check")
    assert done.returncode == 0, done.stderr


def test_the_deployment_check_is_clean_with_https_on() -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING", ASSAY_HTTPS="1", SECRET_KEY=secrets.token_urlsafe(50))
    assert done.returncode == 0, done.stderr


def test_migrations_say_what_the_models_say(committed_db) -> None:
    address = committed_db.url("assay_migrator")
    done = manage("makemigrations", "--check", "--dry-run", DATABASE_URL=address)
    assert done.returncode == 0, done.stdout + done.stderr

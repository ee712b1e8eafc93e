"""Databases for tests: one throw-away cluster per run, one migrated template, a clone of it wherever rows are written.

`db` (pytest-django) works inside a transaction of role assay_app that is rolled back. The superuser logged in and took
on that role with SET SESSION AUTHORIZATION: only so can `speaking_as` change the session's user within a transaction.
`committed_db` is a fresh clone for tests that really commit, and for other roles and processes to look at.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.db import connections, transaction
from django.db.backends.signals import connection_created
from django.test.testcases import LiveServerThread
from psycopg.conninfo import conninfo_to_dict

from registry.management.embedded import pidfile
from registry.management.embedded.postgres import SUPERUSER, Postgres
from registry.management.embedded.roles import MIGRATOR, Access, clone_database, drop_database, provision
from registry.management.embedded.valkey import Valkey
from registry.settings import PLANS, PREPARED

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "assay_template"
HOME_VARIABLE = "ASSAY_TEST_HOME"
# A test's one transaction outlives the web's limits on a busy machine; connections opened by tests keep them.
PATIENT = "-c statement_timeout=30s -c idle_in_transaction_session_timeout=10min"
APP = "assay_app"
# The database that Django is connected to, the innermost last.
reached: list[Access] = []


def worker_name() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


def pytest_configure(config: pytest.Config) -> None:
    """The process that began the run names one home for all its workers, and clears up after runs that were killed."""
    if HOME_VARIABLE not in os.environ:
        sweep_dead_runs()
        home = Path(tempfile.mkdtemp(prefix="assay-test-"))
        home.chmod(0o711)  # a server that dropped its privileges must get through
        pidfile.remember(home / "run.pid", os.getpid())
        os.environ[HOME_VARIABLE] = str(home)


def pytest_unconfigure(config: pytest.Config) -> None:
    home = Path(os.environ.get(HOME_VARIABLE, "/nonexistent"))
    if not hasattr(config, "workerinput") and home.is_dir():
        discard(home)
        os.environ.pop(HOME_VARIABLE)


def sweep_dead_runs() -> None:
    for home in Path(tempfile.gettempdir()).glob("assay-test-*"):
        mine = home.is_dir() and home.stat().st_uid == os.geteuid()
        if mine and (home / "run.pid").exists() and pidfile.recall(home / "run.pid") is None:
            discard(home)


def discard(home: Path) -> None:
    for broker in home.glob("broker-*"):
        Valkey(broker).stop()
    Postgres(home).remove()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def servers_home() -> Iterator[Path]:
    """A folder for a server of this test's own, where a server's user can reach it."""
    home = Path(os.environ[HOME_VARIABLE]) / f"own-{uuid.uuid4().hex[:8]}"
    yield home
    Valkey(home).stop()
    Postgres(home).remove()


@pytest.fixture(scope="session")
def cluster() -> Postgres:
    """The run's Postgres with its roles and the migrated template; the first worker to need it makes it."""
    postgres = Postgres(Path(os.environ[HOME_VARIABLE]), durable=False)
    ready = postgres.home / "template.ready"
    with (postgres.home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            template = provision(postgres.start(), passwords=postgres.passwords, database=TEMPLATE)
            migrate(template)
            ready.touch()
    return postgres


def migrate(access: Access) -> None:
    """Exactly what a deployment runs, as the role a deployment runs it with."""
    environ = {**os.environ, "OWNER_DATABASE_URL": access.url(MIGRATOR), "DATABASE_URL": access.url(MIGRATOR)}
    command = [sys.executable, "manage.py", "migrate", "--database=owner", "--verbosity=0", "--skip-checks"]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.exit(f"The migrations failed:\n{done.stderr[-3000:]}", returncode=3)


@contextmanager
def clone(cluster: Postgres, name: str) -> Iterator[Access]:
    with psycopg.connect(cluster.admin_url(), autocommit=True) as admin:
        clone_database(admin, name, template=TEMPLATE)
    try:
        yield Access(host=str(cluster.sockets), port=5432, database=name, passwords=cluster.passwords)
    finally:
        with psycopg.connect(cluster.admin_url(), autocommit=True) as admin:
            drop_database(admin, name)


@contextmanager
def django_connected(access: Access, *, app_login: str = APP) -> Iterator[None]:
    """Django's `default` speaks to this database as assay_app, `owner` (where configured) as the migrator."""
    roles = {"default": app_login, "owner": MIGRATOR}
    before = {alias: dict(connections.settings[alias]) for alias in connections}
    connections.close_all()
    for alias in connections:
        address = conninfo_to_dict(access.url(roles[alias]))
        path = "-c search_path=assay,\\ pg_temp " if roles[alias] == SUPERUSER else ""
        options = f"{address.get('options', '')} {path}{PATIENT} {PLANS}".strip()
        connections.settings[alias].update(
            NAME=address["dbname"],
            USER=address["user"],
            PASSWORD=address["password"],
            HOST=address["host"],
            PORT=str(address["port"]),
            OPTIONS={**PREPARED, "options": options},
            CONN_MAX_AGE=0,
        )
        connections[alias].settings_dict.update(connections.settings[alias])
    reached.append(access)
    try:
        yield
    finally:
        reached.pop()
        connections.close_all()
        for alias, settings in before.items():
            connections.settings[alias].update(settings)
            connections[alias].settings_dict.update(settings)


def become_the_app(connection: Any, **_: Any) -> None:
    """A superuser's login speaks as assay_app from its first statement."""
    if connection.settings_dict["USER"] == SUPERUSER:
        connection.connection.execute(f"set session authorization {APP}")


connection_created.connect(become_the_app)


@contextmanager
def speaking_as(role: str) -> Iterator[None]:
    """Within, Django's statements come from another login: `with speaking_as("assay_worker"): runs.finish(…)`."""
    default = connections["default"]
    switched = _another_authorization(role) if default.settings_dict["USER"] == SUPERUSER else _another_login(role)
    with switched:
        yield


@contextmanager
def _another_authorization(role: str) -> Iterator[None]:
    # A rollback to the savepoint takes the change of user back with it.
    with transaction.atomic() if connections["default"].in_atomic_block else nullcontext():
        _authorize(role)
        yield
        _authorize(APP)


def _authorize(role: str) -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute("reset session authorization")
        cursor.execute(f"set session authorization {role}")


@contextmanager
def _another_login(role: str) -> Iterator[None]:
    before = connections["default"]
    password = reached[-1].passwords.of(role)
    own = type(before)({**before.settings_dict, "USER": role, "PASSWORD": password}, "default")
    connections["default"] = own
    try:
        yield
    finally:
        own.close()
        connections["default"] = before


@pytest.fixture(scope="session")
def django_db_setup(cluster: Postgres, django_db_blocker: Any) -> Iterator[None]:
    """Replaces pytest-django's: the roles and the triggers are the thing under test, so the real ones are there."""
    with clone(cluster, f"assay_{worker_name()}") as access, django_connected(access, app_login=SUPERUSER):
        yield


@pytest.fixture
def committed_db(
    request: pytest.FixtureRequest, cluster: Postgres, django_db_setup: None, django_db_blocker: Any
) -> Iterator[Access]:
    """A database of this test alone; `committed_db.url(role)` is for other processes."""
    if "db" in request.fixturenames or request.node.get_closest_marker("django_db"):
        pytest.fail("committed_db stands alone: `db` would hold its rows in a transaction nobody else sees.")
    name = f"assay_{worker_name()}_{uuid.uuid4().hex[:8]}"
    with clone(cluster, name) as access, django_connected(access), django_db_blocker.unblock():
        yield access


@pytest.fixture
def as_role(committed_db: Access) -> Iterator[Callable[..., psycopg.Connection[Any]]]:
    """`as_role("assay_app")`: a raw connection to this test's database; `as_role("postgres")` is the superuser's."""
    with ExitStack() as opened:

        def connect(role: str, **options: Any) -> psycopg.Connection[Any]:
            connection = psycopg.connect(committed_db.url(role), **options)
            opened.callback(connection.close)
            return connection

        yield connect


@pytest.fixture
def superuser(as_role: Callable[..., psycopg.Connection[Any]]) -> psycopg.Connection[Any]:
    return as_role(SUPERUSER, autocommit=True)


@pytest.fixture(scope="session")
def broker() -> Iterator[Valkey]:
    """A Valkey of this worker's own."""
    valkey = Valkey(Path(os.environ[HOME_VARIABLE]) / f"broker-{worker_name()}")
    valkey.start()
    yield valkey
    valkey.stop()


@pytest.fixture
def environ_of(committed_db: Access, broker: Valkey, settings: Any) -> Callable[[str], dict[str, str]]:
    """`environ_of("assay_worker")`: the environment of a process that runs as that role beside this test."""

    def environ(role: str) -> dict[str, str]:
        own = {"DATABASE_URL": committed_db.url(role), "BROKER_URL": broker.url(), "ASSAY_HOME": str(settings.HOME)}
        kept = {name: value for name, value in os.environ.items() if name != "OWNER_DATABASE_URL"}
        return {**kept, **own, "PYTHONPATH": str(ROOT)}

    return environ


@pytest.fixture
def live_url(committed_db: Access) -> Iterator[str]:
    """The web interface on a free port of the loopback address, over this test's database."""
    server = LiveServerThread("127.0.0.1", StaticFilesHandler)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    if server.error:
        raise server.error
    yield f"http://127.0.0.1:{server.port}"
    server.terminate()

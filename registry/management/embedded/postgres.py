"""An own Postgres cluster from plain binaries: scram passwords only, one private socket, no TCP, kept between runs.

Embedded is for trying out and for tests; a server in earnest is named by DATABASE_URL.
"""

import re
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import psutil

from registry.management.embedded import pidfile
from registry.management.embedded.binaries import PostgresBinaries, find_postgres
from registry.management.embedded.credentials import Passwords, role_url
from registry.management.embedded.places import (
    EmbeddedError,
    dropping_to,
    make_folder,
    require_own,
    require_reachable,
    server_account,
    socket_folder,
    write_private,
)

SUPERUSER = "postgres"
SOCKET_NAME = ".s.PGSQL.5432"
START_TIMEOUT_S = 60
FAST_STOP_S = 20
FRAGILE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """The cluster below `home`; start, stop and status are safe to repeat and work across processes."""

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.home = home.absolute()
        self.durable = durable
        self.account = server_account()
        self.server = self.home / "server"
        self.data = self.server / "data"
        self.log = self.server / "postgres.log"
        self.sockets = socket_folder(self.server / "socket", name=SOCKET_NAME)
        self.passwords = Passwords(self.home / "passwords.json")
        self.pid_file = self.home / "postgres.pid"

    def url(self, role: str, *, database: str = "assay") -> str:
        return role_url(role, password=self.passwords.of(role), host=str(self.sockets), database=database)

    def admin_url(self) -> str:
        return self.url(SUPERUSER, database="postgres")

    def is_running(self) -> bool:
        return pidfile.recall(self.pid_file) is not None

    def start(self) -> str:
        """Create the cluster if there is none, recover it after a crash, start it; returns the superuser's URL."""
        if self.is_running():
            return self.admin_url()
        binaries = find_postgres()
        self.prepare_folders()
        if not (self.data / "PG_VERSION").exists():
            self.create(binaries)
        self.refuse_unsafe(binaries)
        self.configure()
        self.forget_reused_pid()
        where = ["-D", str(self.data), "-l", str(self.log)]
        done = self.run(binaries.program("pg_ctl"), "start", "-w", "-t", str(START_TIMEOUT_S), *where)
        if done.returncode != 0:
            tail = "\n".join(self.log.read_text().splitlines()[-12:]) if self.log.exists() else done.stderr
            raise EmbeddedError(f"Postgres did not start; the end of {self.log} says:\n{tail}")
        self.remember_postmaster()
        return self.admin_url()

    def stop(self) -> None:
        """End the server: politely first (sessions are rolled back), then at once; the next start recovers."""
        process = pidfile.recall(self.pid_file)
        if process is not None:
            process.send_signal(signal.SIGINT)
            if not pidfile.wait_gone(process, seconds=FAST_STOP_S):
                process.send_signal(signal.SIGQUIT)
                if not pidfile.wait_gone(process, seconds=FAST_STOP_S):
                    raise EmbeddedError(f"Postgres (pid {process.pid}) does not end.")
        self.pid_file.unlink(missing_ok=True)

    def remove(self) -> None:
        """Stop the server and delete everything it kept."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.rmtree(self.sockets, ignore_errors=True)

    def prepare_folders(self) -> None:
        require_reachable(self.home, by=self.account)
        require_own(self.sockets, owner=self.account)
        make_folder(self.home, mode=0o711 if self.account else 0o700)
        for folder in (self.server, self.sockets):
            make_folder(folder, mode=0o700, owner=self.account)

    def create(self, binaries: PostgresBinaries) -> None:
        """initdb with passwords from the first moment, under a scratch name: a half-made cluster is never used."""
        scratch = self.server / "data.new"
        shutil.rmtree(scratch, ignore_errors=True)
        password_file = self.server / "password"
        write_private(password_file, self.passwords.of(SUPERUSER) + "\n", owner=self.account)
        builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        flags = [
            f"--pgdata={scratch}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth-local=scram-sha-256",
            "--auth-host=reject",
            "--encoding=UTF8",
            *(builtin if binaries.major >= 17 else ["--locale=C.UTF-8"]),
            *([] if self.durable else ["--no-sync"]),
        ]
        try:
            done = self.run(binaries.program("initdb"), *flags)
        finally:
            password_file.unlink(missing_ok=True)
        if done.returncode != 0:
            raise EmbeddedError(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")
        main = scratch / "postgresql.conf"
        write_private(main, main.read_text() + "\ninclude 'assay.conf'\n", owner=self.account)
        scratch.rename(self.data)

    def refuse_unsafe(self, binaries: PostgresBinaries) -> None:
        major = (self.data / "PG_VERSION").read_text().strip()
        if major != str(binaries.major):
            raise EmbeddedError(
                f"The data in {self.data} was made by Postgres {major}, but the {binaries.origin} are "
                f"{binaries.version}. Install the binaries of {major} again (ASSAY_POSTGRES_BIN names their folder) "
                "and carry the data over with pg_dump and pg_restore, or throw it away with 'make reset'."
            )
        rules = self.data / "pg_hba.conf"
        if re.search(r"^\s*[^#\s][^#]*\btrust\b", rules.read_text(), flags=re.MULTILINE):
            raise EmbeddedError(f"{rules} lets people in without a password ('trust'); put scram-sha-256 there.")

    def configure(self) -> None:
        """Write our settings into a file of their own, on every start: the folder may have moved."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "password_encryption": "scram-sha-256",
            "timezone": "UTC",
            **({} if self.durable else FRAGILE),
        }
        lines = (f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in settings.items())
        write_private(self.data / "assay.conf", "".join(lines), owner=self.account)

    def forget_reused_pid(self) -> None:
        """Postgres refuses to start while the number in its lock file is taken by whomever.

        After a reboot it may be a stranger's; after a kill the dead one stays until its parent has noticed.
        """
        lock = self.data / "postmaster.pid"
        if not lock.exists():
            return
        with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
            holder = psutil.Process(self.postmaster_pid())
            if not pidfile.is_alive(holder):
                holder.wait(timeout=FAST_STOP_S)
            elif "postgres" not in holder.name():
                lock.unlink()

    def remember_postmaster(self) -> None:
        """Note whom `stop` will signal; the number comes from a file the server's user may write, so look who it is."""
        process = psutil.Process(self.postmaster_pid())
        if self.account and process.uids().real != self.account.uid:
            raise EmbeddedError(f"{self.data / 'postmaster.pid'} names a process that isn't the server's.")
        pidfile.remember(self.pid_file, process.pid)

    def postmaster_pid(self) -> int:
        return int((self.data / "postmaster.pid").read_text().splitlines()[0])

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """One of the cluster's programs, without our privileges, our environment or our terminal."""
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            **dropping_to(self.account),
        )

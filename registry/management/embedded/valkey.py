"""An own Valkey as Celery's broker: one private socket, a password, nothing kept over a restart.

It needn't keep anything: work is a row in Postgres, and the reaper publishes again what a broker lost.
"""

import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

from registry.management.embedded import pidfile
from registry.management.embedded.binaries import find_valkey
from registry.management.embedded.credentials import Passwords
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

SOCKET_NAME = "valkey.sock"
STOP_S = 10


class Valkey:
    """The broker below `home`, started detached or, with `command`, under somebody else's supervision."""

    def __init__(self, home: Path) -> None:
        self.home = home.absolute()
        self.account = server_account()
        self.folder = self.home / "broker"
        self.sockets = socket_folder(self.folder / "socket", name=SOCKET_NAME)
        self.socket = self.sockets / SOCKET_NAME
        self.passwords = Passwords(self.home / "passwords.json")
        self.pid_file = self.home / "valkey.pid"

    def url(self) -> str:
        return f"redis+socket://:{quote(self.passwords.of('valkey'), safe='')}@{quote(str(self.socket))}"

    def command(self) -> list[str]:
        """Write the configuration and return the program that serves it in the foreground.

        The password is in a 0600 file, not in the arguments, which every user of the machine can read.
        """
        require_reachable(self.home, by=self.account)
        require_own(self.sockets, owner=self.account)
        make_folder(self.home, mode=0o711 if self.account else 0o700)
        for folder in (self.folder, self.sockets):
            make_folder(folder, mode=0o700, owner=self.account)
        settings = {
            "port": "0",
            "unixsocket": f'"{self.socket}"',
            "unixsocketperm": "700",
            "requirepass": self.passwords.of("valkey"),
            "save": '""',
            "appendonly": "no",
            "maxmemory": "64mb",
            "maxmemory-policy": "noeviction",
            "dir": f'"{self.folder}"',
            "pidfile": f'"{self.folder}/valkey.pid"',
        }
        config = self.folder / "valkey.conf"
        write_private(config, "".join(f"{name} {value}\n" for name, value in settings.items()), owner=self.account)
        return [str(find_valkey()), str(config)]

    def is_running(self) -> bool:
        return pidfile.recall(self.pid_file) is not None

    def start(self) -> str:
        """Start it detached unless it runs; returns the broker's URL."""
        if self.is_running():
            return self.url()
        log = self.folder / "valkey.log"
        (self.folder / "valkey.pid").unlink(missing_ok=True)
        command = [*self.command(), "--daemonize", "yes", "--logfile", str(log)]
        quietly: dict[str, Any] = {"capture_output": True, "text": True, "stdin": subprocess.DEVNULL, "env": {}}
        done = subprocess.run(command, check=False, **quietly, **dropping_to(self.account))
        if done.returncode != 0 or not pidfile.appears(self.folder / "valkey.pid", seconds=STOP_S):
            raise EmbeddedError(f"Valkey did not start: {done.stderr or done.stdout or log.read_text()}")
        pidfile.remember(self.pid_file, int((self.folder / "valkey.pid").read_text()))
        return self.url()

    def stop(self) -> None:
        process = pidfile.recall(self.pid_file)
        if process is not None:
            process.terminate()
            if not pidfile.wait_gone(process, seconds=STOP_S):
                process.kill()
        self.pid_file.unlink(missing_ok=True)

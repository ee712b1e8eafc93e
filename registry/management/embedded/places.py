"""Where the embedded parts keep their files, and the unprivileged account they run under when started as root."""

import hashlib
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ACCOUNT = "assay-postgres"
SOCKET_PATH_LIMIT = 107


class EmbeddedError(Exception):
    """The embedded part can't run; the message says why and what to do, for a person to read."""


@dataclass(frozen=True)
class Account:
    """The system user that owns the servers' data when the launcher itself is root."""

    name: str
    uid: int
    gid: int


def dropping_to(account: Account | None) -> dict[str, Any]:
    """What `subprocess` needs to start a program without our privileges; nothing where there are none to drop."""
    return {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}


def state_root() -> Path:
    """The folder for clusters: /var/lib/assay for root, the XDG data home for everybody else."""
    if os.geteuid() == 0:
        return Path("/var/lib/assay")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "assay"


def assay_home(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder for blobs, keys and logs: $ASSAY_HOME, by default `var` beside manage.py."""
    named = environ.get("ASSAY_HOME")
    return Path(named).absolute() if named else Path(__file__).resolve().parents[3] / "var"


def cluster_home(home: Path) -> Path:
    """The folder of the database cluster that belongs to this ASSAY_HOME.

    The two are tied by a random name in `instance`, not by the path: a new checkout at an old path starts empty.
    """
    instance = home / "instance"
    if not instance.exists():
        home.mkdir(parents=True, exist_ok=True)
        write_private(instance, secrets.token_hex(5) + "\n")
    return state_root() / instance.read_text().strip()


def server_account() -> Account | None:
    """The account to drop to, created when it doesn't exist; None when this process isn't root.

    `ASSAY_POSTGRES_USER` names an existing user instead. initdb insists on a passwd entry, so a bare number won't do.
    """
    if os.geteuid() != 0:
        return None
    name = os.environ.get("ASSAY_POSTGRES_USER", ACCOUNT)
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        create_account(name)
        entry = pwd.getpwnam(name)
    if entry.pw_uid == 0:
        raise EmbeddedError(f"ASSAY_POSTGRES_USER={name} is root; name an unprivileged user.")
    return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)


def create_account(name: str) -> None:
    useradd = shutil.which("useradd") or shutil.which("useradd", path="/usr/sbin:/sbin")
    if useradd is None:
        raise EmbeddedError(
            f"Postgres refuses to run as root, and there is no useradd to create the user {name}. "
            "Create an unprivileged system user and name it in ASSAY_POSTGRES_USER, or start Assay as an ordinary user."
        )
    homeless = ["--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"]
    done = subprocess.run(
        [useradd, "--system", "--user-group", *homeless, name], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise EmbeddedError(f"Could not create the system user {name}: {done.stderr.strip()}")


def make_folder(folder: Path, *, mode: int, owner: Account | None = None) -> Path:
    """Create a folder of ours with exactly this mode and owner; parents that exist stay as they are."""
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    folder.mkdir(exist_ok=True)
    folder.chmod(mode)
    if owner is not None:
        os.chown(folder, owner.uid, owner.gid)
    return folder


def write_private(path: Path, text: str, *, owner: Account | None = None) -> None:
    """Replace a file by one that only its owner may read; never, not even for a moment, wider than that."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    if owner is not None:
        os.chown(name, owner.uid, owner.gid)
    Path(name).replace(path)


def socket_folder(preferred: Path, *, name: str) -> Path:
    """`preferred`, or a private folder under the temporary directory where a Unix socket's path would grow too long."""
    if len(os.fsencode(preferred / name)) <= SOCKET_PATH_LIMIT:
        return preferred
    digest = hashlib.sha256(os.fsencode(preferred)).hexdigest()[:10]
    return Path(tempfile.gettempdir()) / f"assay-{digest}"


def require_own(folder: Path, *, owner: Account | None) -> None:
    """Refuse a folder somebody else made under a name we could have chosen."""
    expected = owner.uid if owner else os.geteuid()
    if folder.is_symlink() or (folder.exists() and folder.stat().st_uid not in {expected, os.geteuid()}):
        raise EmbeddedError(f"{folder} belongs to somebody else; remove it or set TMPDIR.")


def require_reachable(folder: Path, *, by: Account | None) -> None:
    """Another uid must be able to walk to the data. A parent that bars it is named, never opened up."""
    if by is None:
        return
    for parent in folder.absolute().parents:
        if not parent.stat().st_mode & 0o001:
            raise EmbeddedError(f"The user {by.name} can't enter {parent}. Choose a folder that is open to it.")

"""Make the secrets that compose.yaml hands out, one file for each thing that one process may know.

`python3 docker/make_secrets.py` writes them once to docker/secrets; what exists is never changed.
"""

import json
import secrets
import sys
from pathlib import Path

ROLES = ("assay_migrator", "assay_app", "assay_auditor", "assay_worker", "assay_notary")
DATABASE = "postgres:5432/assay"
OWNER_OPTIONS = "options=-c%20role%3Dassay_owner%20-c%20search_path%3Dassay%2Cpg_temp"


def contents() -> dict[str, str]:
    """File name to content. Passwords are URL-safe, so they stand in addresses as they are."""
    passwords = {role: secrets.token_urlsafe(24) for role in ROLES}
    admin, broker = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    addresses = {f"{role}_url": f"postgresql://{role}:{password}@{DATABASE}" for role, password in passwords.items()}
    addresses["assay_migrator_url"] += f"?{OWNER_OPTIONS}"
    return {
        **addresses,
        "passwords.json": json.dumps(passwords),
        "postgres_password": admin,
        "admin_url": f"postgresql://postgres:{admin}@{DATABASE}",
        "valkey_password": broker,
        "broker_url": f"redis://:{broker}@valkey:6379/0",
        "secret_key": secrets.token_urlsafe(50),
    }


def main(folder: Path) -> int:
    if folder.exists():
        sys.stderr.write(f"{folder} exists; delete it first if you really want new secrets.\n")
        return 1
    # The folder keeps people out. The files stay readable: each container reads its own as a user of its own.
    folder.mkdir(mode=0o700, parents=True)
    for name, content in contents().items():
        (folder / name).write_text(content)
        (folder / name).chmod(0o444)
    sys.stdout.write(f"wrote {folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("secrets")))

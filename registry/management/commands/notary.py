"""The notary: the one process that holds the signing key."""

import logging
import time
from argparse import ArgumentParser
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, OperationalError, connection

from registry.exchange.dsse import load_or_create_signer, public_key_pem, sign_statement
from registry.services.attestations import register_key, renew, sign_pending

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """`manage.py notary`: signs pending statements as they come."""

    help = "Sign pending statements with the notary's key."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Its options."""
        parser.add_argument("--once", action="store_true", help="Sign what is pending and stop.")
        parser.add_argument("--every", type=float, default=1, help="Seconds between two looks.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load or make the key, make it known, then sign."""
        signer = load_or_create_signer(settings.KEY_FOLDER)
        key_id = signer.public_key.keyid
        sign = partial(sign_statement, signer=signer)
        register_key(key_id=key_id, public_pem=public_key_pem(signer))
        unsignable: set[UUID] = set()
        while True:
            try:
                renew_what_ends()
                signed = sign_pending(sign, key_id=key_id, unsignable=unsignable)
            except OperationalError as error:
                logger.warning("the database did not answer: %s", error)
                connection.close()
            else:
                if signed:
                    logger.info("signed %d", signed)
            if options["once"]:
                return
            time.sleep(options["every"])


def renew_what_ends() -> None:
    """Renew what needs it. That the database refuses to doesn't keep the notary from what waits for a signature."""
    try:
        renew()
    except OperationalError:
        raise
    except DatabaseError:
        logger.exception("no approval could be renewed")

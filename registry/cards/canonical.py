"""One byte sequence per JSON value (RFC 8785), so that a digest means the content and not its spelling."""

import hashlib

import rfc8785


class NotCanonical(ValueError):
    """The value has no canonical JSON: NaN, an integer beyond 2**53, a lone surrogate, a foreign type, too deep."""


def canonical_bytes(value: object) -> bytes:
    """Return the RFC 8785 form of plain JSON values (tuples count as lists); raise NotCanonical for anything else."""
    try:
        return rfc8785.dumps(value)  # type: ignore[arg-type]  # the library refuses what its annotation forbids
    except (rfc8785.CanonicalizationError, UnicodeError) as error:
        raise NotCanonical(str(error)) from error
    except RecursionError as error:
        raise NotCanonical("nested too deeply") from error


def digest(value: object) -> str:
    """Return the SHA-256 of the canonical form, as lower-case hex."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()

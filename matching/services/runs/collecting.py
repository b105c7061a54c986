"""Python's search for circles of objects, put off."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collecting() -> Iterator[None]:
    """While hundreds of thousands of rows become tuples: none of them is in a circle, and each is looked at again and
    again, a tenth of what a worker does. What is put off is done at once afterwards."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()

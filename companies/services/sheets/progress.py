"""How far a long step is, told while its transaction is still open."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.utils import timezone

from companies.models import SheetImport

#: What a page does itself while somebody waits; more goes to a worker.
AT_ONCE = 1000
TELL = "UPDATE companies_sheetimport SET done = %s, lease_until = %s WHERE id = %s AND version = %s"


class Progress:
    """Tells how many rows are done and extends the lease, by a connection of its own: others see it at once, though
    what is written is not there before all of it is. A lease that was lost is not extended.

    Of a sheet that is worked on while somebody waits nothing is told.
    """

    def __init__(self, sheet: SheetImport, lease: timedelta) -> None:
        self.sheet, self.lease = sheet, lease
        self.connection: Any = None

    def __enter__(self) -> Progress:
        if self.sheet.row_count > AT_ONCE:
            self.connection = connections.create_connection(DEFAULT_DB_ALIAS)
            self.connection.settings_dict = connections[DEFAULT_DB_ALIAS].settings_dict
        return self

    def __exit__(self, *error: object) -> None:
        if self.connection is not None:
            self.connection.close()

    def __call__(self, done: int) -> None:
        if self.connection is None:
            return
        told = [done, timezone.now() + self.lease, self.sheet.pk, self.sheet.version]
        try:
            with self.connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '500ms'")
                cursor.execute(TELL, told)
        except OperationalError:
            # Somebody holds the row, or the database is busy: the next one tells.
            self.connection.close()

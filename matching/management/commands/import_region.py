"""manage.py import_region PATH: load a region bundle, all or nothing."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from alliance.errors import DomainError
from matching.services.bundle import BundleError, import_region

SHOWN_NOTES = 20


class Command(BaseCommand):
    help = "Loads a region bundle (a folder or a .zip): all of it, or nothing and a list of every bad row."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = import_region(options["path"])
        except BundleError as error:
            sys.stderr.writelines(f"{row}\n" for row in error.rows)
            raise CommandError(error.message) from error
        except DomainError as error:
            raise CommandError(error.message) from error
        for note in report.notes[:SHOWN_NOTES]:
            self.stdout.write(str(note))
        if len(report.notes) > SHOWN_NOTES:
            self.stdout.write(_("… and %(count)d more notes.") % {"count": len(report.notes) - SHOWN_NOTES})
        for file, counts in report.counts.items():
            self.stdout.write(
                _("%(file)s: %(created)d created, %(updated)d changed, %(removed)d removed")
                % {"file": file, **counts}
            )
        if not report.changed:
            self.stdout.write(_("Nothing to change: all of it is there already."))

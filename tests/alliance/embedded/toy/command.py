"""Every command that the launcher calls; each writes that it was called, and obeys the environment."""

import os
import signal
import sys
import time
from pathlib import Path

from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.autodetector import MigrationAutodetector

NAME = Path(__file__).stem
TABLES = "create table if not exists {} (id bigint generated always as identity)"


class Command(BaseCommand):
    # Celery's start runs a check that compares these of migrate and makemigrations.
    autodetector = MigrationAutodetector
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("path", nargs="?")
        parser.add_argument("--wait", action="store_true")
        parser.add_argument("--no-input", action="store_true")

    def handle(self, path=None, **options):
        with Path("calls.txt").open("a") as calls:
            calls.write(f"{NAME} {path or ''}".strip() + "\n")
        if os.environ.get("FAIL") == NAME:
            sys.exit(f"{NAME} was told to fail")
        if NAME == "migrate":
            with connection.cursor() as cursor:
                cursor.execute(TABLES.format("alliance_city"))
                cursor.execute(TABLES.format("marks"))
        if NAME == "import_region":
            with connection.cursor() as cursor:
                cursor.execute("insert into alliance_city default values")
        if NAME == "demo_people":
            Path(".run/demo-people.txt").write_text("admin@example.org  the-password\n")
        if NAME == "match":
            time.sleep(float(os.environ.get("SLOW", "0")))
        if NAME == "reconcile":
            if "DEAF" in os.environ:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
            while True:
                time.sleep(1)

"""The benchmark agrees with SQL on a small region and leaves no database behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from matching.services.benchmark.growth import Point, power, report_growth
from matching.services.benchmark.measure import differences

CHECKOUT = Path(__file__).resolve().parents[2]
SMALL = "--firms 80 --capabilities 600 --demands 20 --lines 80 --sites 15 --workers 2 --sql-lines 80 --ways-lines 0"


@pytest.mark.worker
@pytest.mark.django_db
def test_the_matcher_and_one_sql_statement_give_the_same_best_twenty() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "bench_matching", *SMALL.split()],
        cwd=CHECKOUT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "alliance.settings", "ALLOWED_HOSTS": "localhost"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "0 lines differ" in done.stdout
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'bench\\_%%'")
        assert cursor.fetchall() == []


def test_differences_are_seen() -> None:
    best = {1: [(7, 0.9), (8, 0.8), (9, 0.7)]}
    assert differences(best, best) == 0
    assert differences(best, {1: [(7, 0.9), (9, 0.8), (8, 0.7)]}) == 1, "another order"
    assert differences(best, {1: [(7, 0.9), (8, 0.8)]}) == 1, "a row is missing"
    assert differences(best, {1: [(7, 0.9), (8, 0.81), (9, 0.7)]}) == 1, "another score"
    assert differences(best, {}) == 1


def test_quadratic_growth_is_seen() -> None:
    sizes = {1: 10, 4: 40, 16: 160}
    even = [Point("sites", n, count, count / 10, 1.0) for n, count in sizes.items()]
    steep = [Point("demands", n, count, count**2 / 100, 1.0) for n, count in sizes.items()]
    assert power(even, "sites") == pytest.approx(1)
    assert power(steep, "demands") == pytest.approx(2)
    said = report_growth([*even, *steep]).splitlines()
    assert "power 1.00: not quadratic" in said[4]
    assert "power 2.00: MORE THAN IN PROPORTION" in said[8]

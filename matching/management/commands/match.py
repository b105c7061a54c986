"""Queues a run of every alliance, one alliance, or one demand; `--wait` follows it and helps."""

import argparse
import sys
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from alliance.choices import RunState
from alliance.errors import DomainError
from alliance.models import Alliance
from matching.models import Demand, MatchRun
from matching.services.demands import demand_named
from matching.services.runs import Progress, create_run, follow_run

WIDTH = 30


def iso_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date like 2026-11-20") from error


class Command(BaseCommand):
    help = "Match the demands of every alliance (or one, or one demand) and print the run's id."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--alliance", metavar="SLUG", help="only this alliance")
        parser.add_argument(
            "--demand", metavar="ID", help="only this demand: external id, organisation/id or public id"
        )
        parser.add_argument(
            "--as-of", type=iso_date, metavar="DATE", help="as of this date, until a run without --as-of"
        )
        parser.add_argument(
            "--wait", action="store_true", help="stay until it has ended, with a progress bar"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        runs = self._queue(options["alliance"], options["demand"], options["as_of"])
        for run in runs:
            self.stdout.write(str(run.public_id))
        if options["wait"]:
            ended = [self._follow(run) for run in runs]
            bad = [run for run in ended if run.state != RunState.FINISHED]
            if bad:
                told = "\n".join(
                    f"{run.public_id}: {run.get_state_display()}. {run.error}".strip() for run in bad
                )
                raise CommandError(told, returncode=1)

    def _queue(self, slug: str | None, named: str | None, as_of: date | None) -> list[MatchRun]:
        alliances = Alliance.objects.order_by("pk")
        if slug:
            alliances = alliances.filter(slug=slug)
            if not alliances:
                raise CommandError(f"There is no alliance {slug!r}.")
        if named:
            return [self._queue_demand(named, slug, as_of)]
        # Without a date of its own the run is as of today, and the alliance's date moves with it.
        return [
            create_run(alliance, as_of=as_of or timezone.localdate(), pinned=as_of is not None, cause="asked")
            for alliance in alliances
        ]

    def _queue_demand(self, named: str, slug: str | None, as_of: date | None) -> MatchRun:
        try:
            demand: Demand = demand_named(named, slug)
        except DomainError as error:
            raise CommandError(error.message) from error
        if not demand.published:
            raise CommandError(f"Demand {named!r} is not published, so it is not matched.")
        return create_run(
            demand.alliance, demand=demand, as_of=as_of, pinned=as_of is not None, cause="asked"
        )

    def _follow(self, run: MatchRun) -> MatchRun:
        for progress in follow_run(run):
            self._draw(run, progress)
        if self._is_terminal:
            self.stderr.write("")
        return run

    @property
    def _is_terminal(self) -> bool:
        return sys.stderr.isatty()

    def _draw(self, run: MatchRun, progress: Progress) -> None:
        """A bar that rewrites itself on a terminal; one line at the end in a log."""
        share = progress.done / progress.total if progress.total else float(run.ended)
        text = f"{run.alliance.slug}  {progress.done}/{progress.total} demands  {run.get_state_display()}"
        if self._is_terminal:
            bar = "█" * round(share * WIDTH)
            self.stderr.write(f"\r{bar:░<{WIDTH}}  {text}\033[K", ending="")
            self.stderr.flush()
        elif run.ended:
            self.stderr.write(text)

"""A large capability sheet on its way through the pages and a worker: time, memory and queries of each step.

Each step runs in a process of its own, so that its memory is its own; while a worker works, its page is asked for as a
browser does, and what moves on it is noted.
"""

from __future__ import annotations

import csv
import io
import multiprocessing
import os
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.test import Client
from django.urls import reverse
from openpyxl.workbook.workbook import Workbook

from alliance.models import Membership
from companies.models import Capability, ComponentType, SheetImport
from companies.services.sheets import fields_for, work_on_sheet

HTMX = {"HX-Request": "true"}
Rows = list[list[Any]]


@dataclass
class Step:
    """`seconds` by the clock, `cpu` of the processor (children included), `megabytes` beyond what the process began
    with. `states`: how many different progress bars a browser saw, `gap`: the longest time without a new one."""

    name: str
    seconds: float = 0.0
    cpu: float = 0.0
    megabytes: float = 0.0
    queries: int = 0
    states: int = 0
    gap: float = 0.0
    poll: float = 0.0
    said: str = ""


@dataclass
class Firm:
    """Who uploads, and for what."""

    person: Any
    organisation: Any
    type: ComponentType
    plant: str
    client: Client = field(default_factory=lambda: Client(headers={"accept-language": "zh-hans"}))

    def sign_in(self) -> None:
        self.client.force_login(self.person, backend="django.contrib.auth.backends.ModelBackend")


def a_firm(number: int = 0) -> Firm:
    """A firm with a plant and somebody who may upload; another one for each number."""
    seats = Membership.objects.filter(
        role="owner", organisation__kind="firm", organisation__suspended=False, user__is_active=True
    ).exclude(organisation__facilities=None)
    seat = seats.select_related("user", "organisation").order_by("pk")[number]
    plant = seat.organisation.facilities.order_by("pk")[0]
    firm = Firm(seat.user, seat.organisation, ComponentType.objects.get(code="DRV-SWG"), plant.name)
    firm.sign_in()
    return firm


def table(firm: Firm, rows: int, kind: str = "good") -> Rows:
    """`kind`: good; dearer, the same rows with other prices; wrong, nothing in them fits; twice, one id in all rows."""
    specs = [target for target in fields_for([firm.type]) if target.name.startswith("spec:")]
    numbers = [target for target in specs if target.unit][:8]
    head = ["编号", "部件类型", "名称", "工厂", "月产能", "打样周期", "量产周期", "单价", "起订量"]
    found: Rows = [[*head, *(f"{target.words} ({target.unit})" for target in numbers)]]
    for number in range(rows):
        own = "same" if kind == "twice" else f"bench-{number:05}"
        price = 100 + number % 900 + (5 if kind == "dearer" else 0)
        values: list[Any] = [(number * 7 + place * 13) % 90 + 1 for place in range(len(numbers))]
        row = [own, firm.type.code, f"部件 {number}", firm.plant, 500, 20, 45, price, 10, *values]
        if kind == "wrong":
            row[1:9] = ["谐波减速", f"部件 {number}", f"{number} 号厂", "很多", "两周", "-3", "面议", "x"]
        found.append(row)
    return found


def as_xlsx(rows: Rows) -> bytes:
    book = Workbook(write_only=True)
    page = book.create_sheet("能力")
    for row in rows:
        page.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def as_csv(rows: Rows) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode("gb18030")


FORMS: dict[str, Callable[[Rows], bytes]] = {"xlsx": as_xlsx, "csv": as_csv}


# --- one step in a process of its own ---------------------------------------------------------------------------
def _apart(name: str, work: Callable[[], str]) -> Iterator[Step]:
    """Start it; yields while it runs, and at last what it took."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    connections.close_all()
    began = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        _child(theirs, work)
    theirs.close()
    step = Step(name)
    while True:
        done, _status = os.waitpid(pid, os.WNOHANG)
        if done:
            break
        yield step
    step.seconds = time.perf_counter() - began
    if not ours.poll():
        step.said = "the process died"
    else:
        step.cpu, step.megabytes, step.queries, step.said = ours.recv()
    ours.close()
    yield step


def _child(pipe: Any, work: Callable[[], str]) -> None:
    queries = 0

    def counted(run: Any, *rest: Any) -> Any:
        nonlocal queries
        queries += 1
        return run(*rest)

    try:
        start = _peak()
        with connection.execute_wrapper(counted):
            said = work()
        own, below = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        cpu = own.ru_utime + own.ru_stime + below.ru_utime + below.ru_stime
        pipe.send((cpu, max(_peak() - start, 0) + below.ru_maxrss / 1024, queries, said))
    except Exception as error:  # told in the table
        pipe.send((0.0, 0.0, queries, f"{type(error).__name__}: {error}"[:160]))
    finally:
        pipe.close()
        os._exit(0)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _last(steps: Iterator[Step], watch: Callable[[Step], None] | None = None) -> Step:
    found = Step("")
    for found in steps:
        if watch is not None:
            watch(found)
        time.sleep(0.05)
    return found


def request(name: str, send: Callable[[], Any], expected: tuple[int, ...] = (200, 302)) -> Step:
    """One request in a process of its own."""

    def work() -> str:
        answer = send()
        size = len(answer.content) if not answer.streaming else 0
        said = f"{answer.status_code}, {size / 1024:.0f} kB"
        return said if answer.status_code in expected else f"UNEXPECTED {said}"

    return _last(_apart(name, work))


def worked(name: str, firm: Firm, sheet: SheetImport) -> Step:
    """The worker's step, with a browser that asks every half second how far it is."""
    place = reverse("import", args=[sheet.public_id])
    seen: list[tuple[float, tuple[str, int]]] = []
    polls: list[float] = []
    last = 0.0

    def watch(step: Step) -> None:
        nonlocal last
        if time.perf_counter() - last < 0.5:
            return
        last = time.perf_counter()
        firm.client.get(place, headers=HTMX)
        polls.append(time.perf_counter() - last)
        now = SheetImport.objects.values_list("state", "done").get(pk=sheet.pk)
        if not seen or seen[-1][1] != now:
            seen.append((time.perf_counter(), now))

    began = time.perf_counter()
    step = _last(_apart(name, lambda: "worked" if work_on_sheet(sheet.pk) else "nothing to do"), watch)
    moments = [began, *(at for at, _state in seen), time.perf_counter()]
    step.states, step.poll = len(seen), max(polls, default=0.0)
    step.gap = max(later - earlier for earlier, later in pairwise(moments))
    sheet.refresh_from_db()
    step.said = f"{sheet.state} {sheet.counts}"
    return step


# --- the way of a sheet -------------------------------------------------------------------------------------------
def play(firm: Firm, rows: int, form: str, kind: str) -> Iterator[Step]:
    """Upload, columns, check, the page of problems, saving, undoing: each step as it ends."""
    blob = FORMS[form](table(firm, rows, kind))
    name = f"{kind}.{form}"

    def upload() -> Any:
        return firm.client.post(
            reverse("imports"), {"file": SimpleUploadedFile(name, blob), "component_type": ""}
        )

    yield request(f"{name}: upload ({len(blob) / 1024:.0f} kB)", upload, (302,))
    sheet = SheetImport.objects.filter(organisation=firm.organisation).latest("id")
    place = [sheet.public_id]
    if sheet.state == "mapping":
        yield request(f"{name}: page of columns", lambda: firm.client.get(reverse("import", args=place)))
        told = {f"c{column}": target for column, target in sheet.mapping.items()}
        yield request(
            f"{name}: choose columns",
            lambda: firm.client.post(reverse("import-map", args=place), told),
            (302,),
        )
    yield worked(f"{name}: check (worker)", firm, sheet)
    yield request(f"{name}: page of problems", lambda: firm.client.get(reverse("import", args=place)))
    yield request(f"{name}: list of uploads", lambda: firm.client.get(reverse("imports")))
    if sheet.counts.get("errors"):
        yield request(
            f"{name}: sheet with comments", lambda: firm.client.get(reverse("import-comments", args=place))
        )
        wrong = next(problem for problem in sheet.problems if problem["column"] is not None)
        at = f"at:{wrong['sheet']}!{wrong['row']}:{wrong['column']}"
        mended = {at: "DRV-SWG", "everywhere": "1"}
        yield request(
            f"{name}: mend everywhere",
            lambda: firm.client.post(reverse("import-mend", args=place), mended),
            (302,),
        )
        yield worked(f"{name}: check again (worker)", firm, sheet)
        return
    told = {"version": str(sheet.version)}
    yield request(
        f"{name}: confirm", lambda: firm.client.post(reverse("import-confirm", args=place), told), (302,)
    )
    yield worked(f"{name}: save (worker)", firm, sheet)


def undone(firm: Firm, name: str) -> Iterator[Step]:
    """The last sheet that changed something: the request, then the worker's step."""
    saved = SheetImport.objects.filter(organisation=firm.organisation, state="saved")
    sheet = next(s for s in saved.order_by("-id") if s.counts["new"] or s.counts["changed"])
    place = reverse("import-undo", args=[sheet.public_id])
    yield request(f"{name} (request)", lambda: firm.client.post(place), (302,))
    yield worked(f"{name} (worker)", firm, sheet)


def _saving(sheet: SheetImport) -> Callable[[], str]:
    return lambda: str(work_on_sheet(sheet.pk))


def both_at_once(firm: Firm, rows: int) -> Iterator[Step]:
    """Two sheets of one firm with the same new ids, saved by two workers at the same moment."""
    sheets = []
    for name in ("first", "second"):
        lines = [[str(cell).replace("bench-", "both-") for cell in row] for row in table(firm, rows)]
        upload = SimpleUploadedFile(f"{name}.csv", as_csv(lines))
        firm.client.post(reverse("imports"), {"file": upload, "component_type": ""})
        sheet = SheetImport.objects.filter(organisation=firm.organisation).latest("id")
        if sheet.state == "mapping":
            told = {f"c{column}": target for column, target in sheet.mapping.items()}
            firm.client.post(reverse("import-map", args=[sheet.public_id]), told)
        work_on_sheet(sheet.pk)
        sheet.refresh_from_db()
        firm.client.post(reverse("import-confirm", args=[sheet.public_id]), {"version": str(sheet.version)})
        sheets.append(sheet)
    running = [_apart(f"two at once: {sheet.file_name}", _saving(sheet)) for sheet in sheets]
    open_ = {number: next(steps) for number, steps in enumerate(running)}
    while open_:
        for number in list(open_):
            step = next(running[number], None)
            if step is None:
                done = open_.pop(number)
                sheets[number].refresh_from_db()
                done.said = f"{sheets[number].state} {sheets[number].counts}"
                yield done
            else:
                open_[number] = step
        time.sleep(0.05)
    number = Capability.objects.filter(
        organisation=firm.organisation, external_id__startswith="both-"
    ).count()
    yield Step("two at once: rows afterwards", said=f"{number} of {rows}")

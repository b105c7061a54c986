"""What messages start in this app; a hint each: the work is found in the database, or there is none."""

from celery import shared_task

from companies.services.sheets import work_on_sheet


@shared_task(name="companies.work_on_sheet", time_limit=1800)
def work_on_sheet_task(sheet_id: int) -> None:
    work_on_sheet(sheet_id)

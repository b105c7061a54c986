"""What messages start in this app. They are hints: each task finds its work in the database, or finds none."""

from celery import shared_task

from alliance.services.mail import send_waiting
from alliance.services.storing import sweep_files
from alliance.services.webhooks import deliver_waiting


@shared_task(name="alliance.send_mail", time_limit=120)
def send_mail_task() -> None:
    send_waiting()


@shared_task(name="alliance.sweep_files", time_limit=120)
def sweep_files_task() -> None:
    sweep_files()


@shared_task(name="alliance.deliver_webhooks", time_limit=120)
def deliver_webhooks_task() -> None:
    deliver_waiting()

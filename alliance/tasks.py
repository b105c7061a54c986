"""What messages start in this app. They are hints: each task finds its work in the database, or finds none."""

from celery import shared_task

from alliance.services.mail import send_waiting
<<<<<<< HEAD
from alliance.services.storing import sweep_files
=======
from alliance.services.webhooks import deliver_waiting
>>>>>>> 9e5594e (Webhooks: an outbox of signed messages, in order, to public addresses only)


@shared_task(name="alliance.send_mail", time_limit=120)
def send_mail_task() -> None:
    send_waiting()


<<<<<<< HEAD
@shared_task(name="alliance.sweep_files", time_limit=120)
def sweep_files_task() -> None:
    sweep_files()
=======
@shared_task(name="alliance.deliver_webhooks", time_limit=120)
def deliver_webhooks_task() -> None:
    deliver_waiting()
>>>>>>> 9e5594e (Webhooks: an outbox of signed messages, in order, to public addresses only)

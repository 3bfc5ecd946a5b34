from celery import shared_task
from django.utils import timezone

from accounts.api.idempotency import forget_answers


@shared_task
def forget_old_answers() -> None:
    forget_answers(now=timezone.now())

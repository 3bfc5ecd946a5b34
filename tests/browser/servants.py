"""What stands behind the desk in the story: a worker with beat on the test's own database, and a mail server."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

from escalation.models import Heartbeat
from opinion_desk.celery import app
from tests.mail_server import Postbox
from tests.processes import until, worker
from timeline.now import now

QUEUES = "default,fetch"


@contextmanager
def desk_worker(
    postbox: Postbox, folder: Path, *, site: str, environment: Mapping[str, str] | None = None
) -> Iterator[Popen[bytes]]:
    """The real worker and beat, sending real mail; `environment` may shift its clock."""
    own = {
        "VAR_DIR": str(folder),
        "SITE_URL": site,
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(postbox.port),
        "SMTP_SECURITY": "none",
        **(environment or {}),
    }
    forget_old_tasks()
    with worker("story", queues=QUEUES, arguments=["-B"], environment=own) as process:
        assert until(lambda: has_ticked(process)), "the worker did not begin to tick"
        yield process
    forget_old_tasks()


def has_ticked(process: Popen[bytes]) -> bool:
    assert process.poll() is None, "the worker died"
    return Heartbeat.objects.filter(pk="tick", at__lte=now()).exists()


def forget_old_tasks() -> None:
    """What an earlier test asked for on these queues is nobody's business any more."""
    with app.connection_for_write() as broker:
        for queue in QUEUES.split(","):
            app.amqp.queues[queue](broker.default_channel).purge()

"""Gunicorn's settings: threads for slow readers, few processes, workers that die with their master."""

import os

from gunicorn.workers.base import Worker

from opinion_desk import tether
from opinion_desk.environment import env_bool, env_int, env_str

bind = env_str("BIND", f"127.0.0.1:{env_int('PORT', 8000)}")
worker_class = "gthread"
workers = env_int("WEB_WORKERS", 2)
threads = env_int("WEB_THREADS", 4)
timeout = 60
graceful_timeout = 8
keepalive = 5
control_socket_disable = True  # it would lie in the home folder and belong to whichever desk started last
loglevel = "warning" if env_bool("DESK_LOCAL", False) else "info"
max_requests = 10_000
max_requests_jitter = 1_000
errorlog = "-"
accesslog = "-" if env_str("ACCESS_LOG", "0") == "1" else None
# A heartbeat file on a disk would block the worker when the disk does.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112 -- gunicorn makes the file safely


def post_fork(_server: object, worker: Worker) -> None:
    """Gunicorn's own check notices a dead master only at the next beat; the kernel tells at once."""
    tether.tie_to_parent(worker.ppid)

"""One of the processes of `bench.hearing`; speaks JSON. The database stands in DATABASE_URL."""

import json
import sys

import django


def main() -> None:
    django.setup()
    from bench.hearing import listen  # noqa: PLC0415 -- after the settings
    from opinion_desk.celery import settle_memory  # noqa: PLC0415 -- after the settings

    settle_memory()  # as a worker does
    order = json.loads(sys.argv[1])
    sys.stdout.write(json.dumps(listen(order.pop("source"), **order)))


if __name__ == "__main__":
    main()

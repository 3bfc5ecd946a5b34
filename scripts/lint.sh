#!/bin/sh
# Everything that can be wrong without running the product; every tool speaks, then one verdict.
set -u
PATH="$(pwd)/.venv/bin:$PATH"
failed=0
step() {
    echo "· $*"
    "$@" || failed=1
}
step ruff check .
step ruff format --check .
step mypy .
step lint-imports
step python manage.py makemigrations --check --dry-run
# As in production: behind TLS, no demo, no debugging.
export DEBUG=0 DEMO=0 HTTPS=1 BEHIND_PROXY=1 ALLOWED_HOSTS=desk.example SITE_URL=https://desk.example
step python manage.py check --deploy --fail-level WARNING
exit $failed

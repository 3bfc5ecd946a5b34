# syntax=docker/dockerfile:1
# The desk for production: no embedded engines, no development tools, no root.
FROM python:3.13-slim AS build
WORKDIR /desk
COPY requirements/prod.txt requirements/prod.txt
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements/prod.txt
COPY . .
# Translations and static files are made here, so that the image can be read-only; the keys are for this step alone.
RUN /venv/bin/python scripts/messages.py compile && \
    SECRET_KEY=build FIELD_ENCRYPTION_KEYS=MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA= VAR_DIR=/desk/var STATIC_ROOT=/desk/static-served \
    /venv/bin/python manage.py collectstatic --no-input --verbosity 0

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /desk desk && install -d -o desk -g desk /var/lib/desk
COPY --from=build /venv /venv
COPY --from=build /desk /desk
WORKDIR /desk
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=opinion_desk.settings BIND=0.0.0.0:8000 VAR_DIR=/var/lib/desk STATIC_ROOT=/desk/static-served
USER desk
EXPOSE 8000
VOLUME /var/lib/desk
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/livez', timeout=4)"]
CMD ["gunicorn", "-c", "python:opinion_desk.serving", "opinion_desk.wsgi"]

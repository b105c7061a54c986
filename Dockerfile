# One image for web, worker, beat, reconciler and migrations; docker-compose.yml says which runs where.
FROM python:3.11-slim AS packages
WORKDIR /build
COPY requirements.lock ./
COPY alliance/__init__.py alliance/__init__.py
COPY alliance/embedded alliance/embedded
# Without the embedded servers: here PostgreSQL and Valkey are services of their own.
RUN python -m venv /opt/venv \
    && python -m alliance.embedded.install --without-servers requirements.lock > needed.lock \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r needed.lock

FROM python:3.11-slim
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=alliance.settings \
    FILES_DIR=/data/files \
    SNAPSHOT_DIR=/data/snapshots \
    NUMBA_CACHE_DIR=/data/compiled
RUN useradd --system --uid 10001 --user-group --home-dir /data --shell /usr/sbin/nologin alliance
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY . .
# The program's folder stays root's and read-only; what it writes is under /data (`.run` is the default place of mail
# that no server takes).
RUN python manage.py collectstatic --no-input --verbosity 0 \
    && mkdir -p /data/files /data/snapshots /data/compiled \
    && ln -s /data .run \
    && chown -R alliance:alliance /data
USER alliance
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["python", "docker/alive.py"]
CMD ["gunicorn", "alliance.wsgi:application", "--config", "docker/gunicorn.py"]

FROM python:3.13-slim AS packages
COPY requirements.txt /
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes -r /requirements.txt

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    LOG_FORMAT=json \
    VIBE_VAR_DIR=/var/lib/vibe
RUN useradd --system --uid 10001 --no-create-home vibe \
    && install --directory --owner=vibe --group=vibe --mode=0700 /var/lib/vibe
COPY --from=packages /venv /venv
WORKDIR /app
COPY . .
RUN VIBE_MODE=demo VIBE_VAR_DIR=/tmp/build python manage.py collectstatic --noinput \
    && rm -r /tmp/build \
    && python -m compileall -q .
ENV PYTHONDONTWRITEBYTECODE=1
USER vibe
EXPOSE 8000
CMD ["gunicorn", "vibe_engine.wsgi", "--config", "python:vibe_engine.gunicorn_conf"]

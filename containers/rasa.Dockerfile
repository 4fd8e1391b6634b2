# Two images: `rasa` answers, `train` makes models, at the start and when the admin pages ask for one. Training starts Rasa
# from our own command, so `train` has both environments: Rasa's with Python 3.10 and ours with Python 3.13.
FROM python:3.10-slim-bookworm AS environment
RUN pip install --no-cache-dir uv==0.13.9
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_INSTALL_DIR=/opt/python
WORKDIR /app
COPY nlu/pyproject.toml nlu/uv.lock nlu/
RUN uv sync --frozen --no-dev --project nlu --python /usr/local/bin/python3.10

FROM environment AS both
COPY pyproject.toml uv.lock README.md ./
RUN uv sync --frozen --no-dev --no-install-project --python 3.13
COPY core core
COPY i18n i18n
COPY store store
COPY knowledge knowledge
COPY journey journey
COPY handover handover
COPY reminders reminders
COPY actions actions
COPY bot bot
COPY web web
COPY operations operations
COPY bench bench
RUN uv sync --frozen --no-dev --python 3.13

FROM python:3.10-slim-bookworm AS base
# /data is a volume in production; its owner is taken from here.
RUN useradd --uid 1000 --no-create-home velkommen && install --directory --owner=1000 --group=1000 /data
WORKDIR /app
ENV PYTHONPATH=/app VELKOMMEN_DATA_DIR=/data HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    PYTHONWARNINGS=ignore RASA_TELEMETRY_ENABLED=false RASA_MAX_CACHE_SIZE=0 RASA_CACHE_DIRECTORY=/tmp/rasa-cache \
    TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= SQLALCHEMY_SILENCE_UBER_WARNING=1

FROM base AS rasa
COPY --from=environment /app/nlu nlu
COPY nlu nlu
USER 1000:1000
CMD ["nlu/.venv/bin/python", "-m", "rasa", "run", "--model", "/data/models/active.tar.gz", "--interface", "0.0.0.0", \
     "--port", "5005", "--endpoints", "nlu/endpoints.yml", "--credentials", "nlu/credentials.yml"]

FROM base AS train
COPY --from=both /opt/python /opt/python
COPY --from=both /app /app
COPY nlu nlu
COPY dialogues dialogues
COPY tests/evaluation tests/evaluation
COPY containers/health.py containers/health.py
ENV PATH=/app/.venv/bin:$PATH
USER 1000:1000
CMD ["velkommen", "train"]

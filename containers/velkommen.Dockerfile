# One image for the roles web, worker and bot, and for `velkommen migrate`.
FROM python:3.13-slim-bookworm AS build
RUN pip install --no-cache-dir uv==0.13.9
ENV UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy
WORKDIR /app
# What others wrote, first: it changes less often than our own code.
COPY pyproject.toml uv.lock README.md ./
RUN uv sync --frozen --no-dev --no-install-project
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
# The gap board reads them to find what means the same in several languages.
COPY nlu/lexicons nlu/lexicons
RUN uv sync --frozen --no-dev

FROM python:3.13-slim-bookworm
RUN useradd --uid 1000 --no-create-home velkommen
WORKDIR /app
COPY --from=build /app /app
COPY containers/health.py containers/health.py
ENV PATH=/app/.venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/tmp
USER 1000:1000
CMD ["velkommen", "web"]

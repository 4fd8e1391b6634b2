"""Where exported training data, the model and caches lie."""

from __future__ import annotations

import os
from pathlib import Path


def data_dir() -> Path:
    return Path(os.environ.get("VELKOMMEN_DATA_DIR") or "var")

"""Where exported training data, the model and caches lie."""

from __future__ import annotations

import os
from pathlib import Path


def data_dir() -> Path:
    return Path(os.environ.get("VELKOMMEN_DATA_DIR") or "var")


def training_dir() -> Path:
    """What is learnt from; a candidate has a folder of its own."""
    own = os.environ.get("VELKOMMEN_TRAINING_DIR")
    return Path(own) if own else data_dir() / "training"

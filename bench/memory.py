"""What processes hold in memory, as Linux tells it."""

from pathlib import Path

PROC = Path("/proc")


def held(pid: int) -> float | None:
    """Resident megabytes of a process; None where the system does not tell."""
    return _megabytes(pid, "Rss")


def family(pid: int) -> float | None:
    """Megabytes of a process and all below it; memory that they share counts once."""
    shares = [_megabytes(member, "Pss") for member in _with_children(pid)]
    known = [share for share in shares if share is not None]
    return sum(known) if known else None


def _megabytes(pid: int, field: str) -> float | None:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{field}:")), None)


def _with_children(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        for children in (PROC / str(parent) / "task").glob("*/children"):
            found.extend(int(child) for child in children.read_text().split())
    return found

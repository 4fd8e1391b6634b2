"""`python -m web.api` writes the description to docs/api/openapi.json."""

import json
from pathlib import Path

from web.api.app import create_api

FILE = Path(__file__).parents[2] / "docs" / "api" / "openapi.json"


def described() -> str:
    return json.dumps(create_api(None).openapi(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(described(), encoding="utf-8")
    print(f"Written to {FILE}.")

"""The API, and which release of it this is."""

from pathlib import Path

from app import create_app, stores

RELEASE = Path("/app/RELEASE").read_text(encoding="utf-8").strip()

application = create_app()


@application.get("/api/release")
def release():
    """Which release answers, and from how many projects."""
    return {"name": RELEASE, **stores.query("SELECT count(*) AS projects FROM projects")[0]}

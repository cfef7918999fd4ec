"""Files that users send, kept in a folder beside the application."""

import hashlib
import os
import tempfile
from pathlib import Path

from flask import Blueprint, abort, g, jsonify, request

from . import stores
from .accounts import authenticated

routes = Blueprint("uploads", __name__)
FOLDER = Path(os.environ["UPLOADS_DIR"])


@routes.get("/uploads")
@authenticated
def uploads():
    """The files in the folder, with what the database says of each."""
    recorded = {
        row["name"]: row["sha256"] for row in stores.query("SELECT name, sha256 FROM documents")
    }
    listing = []
    for path in sorted(path for path in FOLDER.iterdir() if path.is_file()):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        listing.append(
            {
                "name": path.name,
                "bytes": path.stat().st_size,
                "sha256": digest,
                "as_recorded": recorded.get(path.name) == digest,
            }
        )
    return jsonify(listing)


@routes.post("/uploads")
@authenticated
def upload():
    """Keeps the multipart field `file` under its own name; a second one replaces it."""
    sent = request.files.get("file")
    if sent is None:
        abort(400, "the multipart field `file` is missing")
    name = sent.filename.replace("\\", "/").rpartition("/")[2]
    if name.startswith(".") or not name.isprintable() or not 0 < len(name.encode()) <= 200:
        abort(400, "the file has no usable name")

    content = sent.read()
    digest = hashlib.sha256(content).hexdigest()
    _write_aside_and_rename(name, content)
    document = stores.query(
        "INSERT INTO documents (name, sha256, bytes, uploaded_by) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (name) DO UPDATE SET sha256 = excluded.sha256, bytes = excluded.bytes,"
        " uploaded_by = excluded.uploaded_by, uploaded_at = now()"
        " RETURNING id, name, sha256, bytes, uploaded_at",
        (name, digest, len(content), g.user),
    )[0]
    stores.commit()
    return jsonify(document), 201


def _write_aside_and_rename(name, content):
    with tempfile.NamedTemporaryFile(dir=FOLDER, prefix=".upload-", delete=False) as aside:
        aside.write(content)
        aside.flush()
        os.fsync(aside.fileno())
        os.fchmod(aside.fileno(), 0o644)
    os.replace(aside.name, FOLDER / name)

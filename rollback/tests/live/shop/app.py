"""A shop of one page: what it shows comes from PostgreSQL, and a count of its
visitors from Redis. What it is like comes from the file `release`."""

import http.server
import json
import os
import pathlib

import psycopg2
import redis

RELEASE = json.loads(pathlib.Path("/srv/release.json").read_text())


class Shop(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            status, body = 200, self.answer()
        except Exception as error:  # noqa: BLE001: whatever it is, it is shown
            status, body = 500, {"error": str(error)}
        if self.path == "/items" and RELEASE.get("broken"):
            status, body = 500, {"error": "a release that is broken"}
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def answer(self):
        if self.path == "/version":
            return {"version": RELEASE["version"]}
        with psycopg2.connect(os.environ["DATABASE_URL"]) as database:
            with database.cursor() as cursor:
                cursor.execute("SELECT id, name FROM items ORDER BY id")
                items = [{"id": id, "name": name} for id, name in cursor.fetchall()]
        visits = redis.from_url(os.environ["REDIS_URL"]).get("visits")
        return {"items": items, "visits": int(visits or 0)}

    def log_message(self, *_args):
        pass


if RELEASE.get("dies"):
    raise SystemExit("a release that does not start")
http.server.ThreadingHTTPServer(("0.0.0.0", 4000), Shop).serve_forever()

"""How the API is served, and what happens once before it is."""

from app import migrate

bind = "0.0.0.0:4000"
workers = 2
threads = 4
# Heartbeats belong in memory: on a slow disk they would kill idle workers.
worker_tmp_dir = "/dev/shm"
graceful_timeout = 5


def on_starting(_server):
    """Brings the database up to date in the master, before any worker serves."""
    migrate.run()

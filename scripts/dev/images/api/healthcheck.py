"""Exits 0 when the API says that it is healthy."""

import urllib.request

urllib.request.urlopen("http://127.0.0.1:4000/api/health", timeout=4).read()

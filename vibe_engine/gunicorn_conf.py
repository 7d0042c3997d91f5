"""How gunicorn serves the pages, embedded and in containers alike."""

import os
import sys

from vibe_engine import logs, settling

os.environ.setdefault("PGOPTIONS", settling.PAGE_PGOPTIONS)

bind = os.environ.get("WEB_BIND") or f"127.0.0.1:{os.environ.get('PORT') or 8000}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = 4
timeout = 60
graceful_timeout = 5
keepalive = 5
accesslog = None
errorlog = "-"
logconfig_dict = logs.configuration(
    style=os.environ.get("LOG_FORMAT") or "line",
    level=(os.environ.get("LOG_LEVEL") or "INFO").upper(),
)
control_socket_disable = True
proc_name = "vibe_engine"
if sys.platform.startswith("linux"):
    worker_tmp_dir = "/dev/shm"  # noqa: S108

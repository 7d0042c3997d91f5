"""`python -m vibe_engine.probe URL [PART]`: a container's question after its health.

Exit code 0 if the address answers 200 and, where a part of `/readyz` is named,
that part is ok. Imports neither Django nor settings, so that asking is cheap.
"""

import http.client
import json
import os
import sys
from urllib.parse import urlsplit

TIMEOUT_S = 10


def is_well(url: str, part: str | None = None) -> bool:
    """Whether the address answers 200 and reports `part` as ok.

    The request names the public host, the only one that Django answers to.
    """
    address = urlsplit(url)
    public = urlsplit(os.environ.get("PUBLIC_BASE_URL", ""))
    client = http.client.HTTPConnection(
        address.hostname or "127.0.0.1", address.port, timeout=TIMEOUT_S
    )
    try:
        client.request(
            "GET", address.path, headers={"Host": public.netloc or address.netloc}
        )
        answer = client.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        client.close()
    if answer.status != 200:
        return False
    return part is None or bool(json.loads(body)["parts"][part] == "ok")


if __name__ == "__main__":
    sys.exit(not is_well(*sys.argv[1:3]))

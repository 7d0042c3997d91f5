"""Pages as text, with htmx and counted."""

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

ODD_NAMES = [
    "<script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "\u202eevil\u202c",
    "x" * 200,
    "🎷 夜のラジオ",
]


def page(client: Client, path: str, **headers: str) -> str:
    response = client.get(path, headers=headers)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def htmx(target: str) -> dict[str, str]:
    return {"HX-Request": "true", "HX-Target": target}


def queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        client.get(path)
    return len(captured)

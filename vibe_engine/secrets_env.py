"""Secrets that a demo makes for itself: a small env file that only its owner reads."""

import base64
import os
import secrets
import sys
from pathlib import Path

USERNAME = "operator"


def new_token_key(key_id: str = "k1") -> str:
    """Return one entry of `TOKEN_KEYS`: a key id, a colon, 32 random bytes in base64."""
    return f"{key_id}:{base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}"


def new_keys() -> dict[str, str]:
    """Return fresh keys for signing and for tokens at rest."""
    return {"SECRET_KEY": secrets.token_urlsafe(50), "TOKEN_KEYS": new_token_key()}


def ensure_secrets_file(path: Path) -> Path:
    """Write a file of fresh secrets (mode 0600) unless one stands there already.

    Safe when several processes start at once: the file is written apart and
    linked into place, and the first one wins.
    """
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = {
        **new_keys(),
        "DASHBOARD_USERNAME": USERNAME,
        "DASHBOARD_PASSWORD": secrets.token_urlsafe(9),
        "SPOTIFY_CLIENT_ID": secrets.token_hex(16),
        "SPOTIFY_CLIENT_SECRET": secrets.token_hex(16),
        "SANDBOX_DEVELOPMENT_CLIENT_ID": secrets.token_hex(16),
        "SANDBOX_DEVELOPMENT_CLIENT_SECRET": secrets.token_hex(16),
    }
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.writelines(f"{name}={value}\n" for name, value in lines.items())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path


if __name__ == "__main__":
    sys.stdout.writelines(f"{name}={value}\n" for name, value in new_keys().items())

"""Secrets of webhooks: derived from one key that is kept in a file and a salt that is kept with the webhook.

To sign, the service must know the secret again, so a hash will not do; and a secret that lies in the database is in
each of its copies. So none is stored: neither the database nor the file alone is enough to sign. A webhook keeps the
hash that its secret must have, so that a lost or changed key is told, instead of events that nobody can check.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from pathlib import Path

from quartermaster.errors import InputError, Problem
from quartermaster.service.secret_files import read_secret, write_secret

PREFIX = "whsec_"
"""Begins a secret, as Standard Webhooks has it; the rest is base64."""
KEY_BYTES = 32


def read_key(path: Path) -> bytes:
    """Read the key from which secrets are derived.

    Parameters
    ----------
    path
        Its file.

    Raises
    ------
    InputError
        If it cannot be read, others may read it, or it is no such key.
    """
    try:
        key = bytes.fromhex(read_secret(path))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise InputError([Problem("secret_file", f"{path} must hold {2 * KEY_BYTES} hexadecimal digits")])
    return key


def make_key(path: Path) -> bytes:
    """Make a key in a file that is not there yet, and return it.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    InputError
        If it is there, or cannot be written.
    """
    key = secrets.token_bytes(KEY_BYTES)
    write_secret(path, key.hex())
    return key


def secret_of(key: bytes, scope_id: str, webhook_id: str, salt: str) -> str:
    """Derive the secret of a webhook.

    Parameters
    ----------
    key
        The key.
    scope_id, webhook_id, salt
        Of the webhook.
    """
    place = "\x00".join(("webhook", scope_id, webhook_id, salt)).encode("utf-8", "surrogatepass")
    return PREFIX + base64.b64encode(hmac.digest(key, place, "sha256")).decode()


def digest(secret: str) -> str:
    """Return the hash of a secret, to keep.

    Parameters
    ----------
    secret
        The secret.
    """
    return hashlib.sha256(secret.encode()).hexdigest()

"""Headers by which a receiver knows who sent an event, and when.

Standard Webhooks (specification of 2023, scheme ``v1``): HMAC-SHA256 over ``id.timestamp.body``, in base64.
"""

from __future__ import annotations

import base64
import hmac

from quartermaster.service.webhooks.secrets import PREFIX


def signed_headers(secret: str, event_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers that sign a body.

    Parameters
    ----------
    secret
        ``whsec_…``.
    event_id
        The event's, the same in each attempt.
    timestamp
        Of this attempt, seconds since 1970.
    body
        What is sent.
    """
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signature = hmac.digest(key, f"{event_id}.{timestamp}.".encode() + body, "sha256")
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }

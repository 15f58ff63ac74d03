"""Publishes one event from Python: order 7, or the order that the argument names, was paid. Prints the event's id.

    python3 examples/python/publish.py 7
"""

import json
import os
import sys
from urllib.error import HTTPError
from urllib.request import Request, urlopen

URL = os.environ.get("TIDINGS_URL", "http://localhost:8787")
KEY = os.environ.get("TIDINGS_KEY", "local-publish-key-0123456789abcdef")


def publish(channel: str, event: dict, idempotency_key: str) -> str:
    request = Request(
        f"{URL}/channels/{channel}/events",
        data=json.dumps(event).encode(),
        headers={
            "Authorization": f"Bearer {KEY}",
            "Content-Type": "application/json",
            "Idempotency-Key": idempotency_key,
        },
    )
    with urlopen(request, timeout=10) as response:
        return json.load(response)["ids"][0]


def detail_of(error: HTTPError) -> str:
    """The detail of the service's problem (RFC 9457)."""
    if error.headers.get_content_type() != "application/problem+json":
        return str(error)
    return json.load(error)["detail"]


order = int(sys.argv[1]) if len(sys.argv) > 1 else 7
try:
    print(publish("orders", {"type": "order", "data": {"id": order, "state": "paid"}}, f"order-{order}-paid"))
except HTTPError as error:
    sys.exit(detail_of(error))
except OSError as error:
    sys.exit(f"The service cannot be reached: {error}")

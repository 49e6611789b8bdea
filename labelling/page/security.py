"""Who may talk to the page: the browser of someone who has its address, and nobody else.

The token is the first part of every path. A page of another site that a person has open at the same
time cannot know it. It cannot reach this server under a name of its own either, for the header
Host must be one of ours, and it cannot write, for its Origin is another.
"""

import hmac
import ipaddress
import re
import secrets
from typing import Optional

from flask import Flask, Response, abort, request

LOOPBACK = ("127.0.0.1", "localhost", "::1")
ANY = ("0.0.0.0", "::")
LARGEST_UPLOAD = 8 << 20  # bytes
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]]+)(?::\d+)?")
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def new_token() -> str:
    """Return a token that nobody guesses."""
    return secrets.token_urlsafe(24)


def guard(app: Flask, token: str, host: str) -> None:
    """Refuse requests without the token, for a foreign host, from a foreign page, or too large.

    host: the name or address that the page is served at
    """

    def refuse() -> None:
        if not is_ours(request.headers.get("Host", ""), host):
            abort(403, "this page is not served under that name")
        given = request.path.split("/")[1]
        if not hmac.compare_digest(given.encode(), token.encode()):
            abort(403, "open the address that egl label has printed last: its token is missing")
        origin = request.headers.get("Origin")
        if origin is not None and origin != f"http://{request.headers['Host']}":
            abort(403, "a page of another site may not do that")
        if request.method not in ("GET", "HEAD"):
            size = request.content_length
            if size is None:
                abort(411, "say how long the request is")
            elif size > LARGEST_UPLOAD:
                abort(413, f"give at most {LARGEST_UPLOAD >> 20} MB")

    def protect(response: Response) -> Response:
        response.headers.update(_HEADERS)
        return response

    app.before_request(refuse)
    app.after_request(protect)


def is_ours(header: str, host: str) -> bool:
    """Return whether the header Host names this machine as people reach it. The port may differ.

    Names of this machine are those that no other site can have: the loopback's, `host`, and any
    plain address where `host` stands for all of them. A port may have been forwarded.
    """
    match = _HOST.fullmatch(header)
    if match is None:
        return False
    name = match.group(1).strip("[]").casefold()
    return name in (*LOOPBACK, host.casefold()) or (host in ANY and _address(name) is not None)


def _address(name: str) -> Optional[object]:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None

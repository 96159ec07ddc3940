"""Nobody but programs of this machine and the playground's own page gets in.

A web page from elsewhere reaches a loopback server through the browser in three ways: under another name (DNS rebinding, seen at
``Host``), from another origin (``Origin``, ``Sec-Fetch-Site``), or with a request that needs no permission (a form or plain
text, refused by the content type). An environment at ``b-x.localhost`` is elsewhere, too.
"""

from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.playground.arguments import TYPES

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
NAMES = ("127.0.0.1", "localhost")
PAGE_POLICY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse with 403 (Host, Origin) or 415 (content type), else answer under the page's policy."""
    refusal = refused(request)
    if refusal is not None:
        status, error = refusal
        return web.json_response({"ok": False, "error": error}, status=status)
    response = await handler(request)
    if not response.prepared:
        response.headers.update(PAGE_POLICY)
    return response


def refused(request: web.Request) -> tuple[int, str] | None:
    """Why this request does not get in: status and error. None where it may."""
    port = request.transport.get_extra_info("sockname")[1] if request.transport else 0
    if request.headers.get("Host") not in {f"{name}:{port}" for name in NAMES}:
        return 403, "foreign_host"
    origin = request.headers.get("Origin")
    if origin is not None and origin not in {f"http://{name}:{port}" for name in NAMES}:
        return 403, "foreign_origin"
    if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin") and not _opens_page(
        request
    ):
        return 403, "foreign_origin"
    if request.method == "POST" and not _has_right_type(request):
        return 415, "unsupported_content_type"
    return None


def _opens_page(request: web.Request) -> bool:
    """A link from elsewhere to the page itself."""
    return (
        request.method == "GET"
        and request.path == "/"
        and request.headers.get("Sec-Fetch-Mode") == "navigate"
    )


def _has_right_type(request: web.Request) -> bool:
    if request.path.startswith("/person/"):
        return request.content_type == "application/json"
    if request.path.startswith("/api/"):
        return not request.body_exists or request.content_type in TYPES
    return True

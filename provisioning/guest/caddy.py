"""Caddy's configuration as data: nothing is spliced into text. Pure.

Two sites at one address: the people's, where Caddy asks the agent about each request (what a Caddyfile's ``forward_auth``
expands to), and the agent's own for the bot's signed calls. Any other Host is answered 421.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List

from .orders import AGENT_HOST, Orders
from .people import ENTER, WORK

Json = Dict[str, Any]
AGENT_TLS_PORT = 443  # mode proxy: people come by plain HTTP through the proxy, the bot directly by TLS
_AGENT_CERTIFICATE = "agent"


@dataclass(frozen=True)
class Upstreams:
    """Where the two listen, on loopback."""

    agent_port: int
    server_port: int


def config(orders: Orders, upstreams: Upstreams, *, home: Path, certificate: Path, key: Path) -> Json:
    """The whole configuration. ``home`` is where Caddy keeps its own files; the certificate is the agent's own."""
    listen, sites = orders.listen, [_people_site(orders, upstreams), _agent_site(upstreams)]
    servers: Json = {}
    if orders.tls == "proxy":
        servers["people"] = _server(listen, [sites.pop(0)])
        listen = f"{listen.rpartition(':')[0]}:{AGENT_TLS_PORT}"
    servers["agent"] = _server(listen, sites)
    apps: Json = {"http": {"servers": servers}}
    if orders.tls != "off":
        _add_tls(servers["agent"], orders)
        apps["tls"] = _tls(orders, certificate, key)
        # Never put into the machine's own trust store.
        apps["pki"] = {"certificate_authorities": {"local": {"install_trust": False}}}
    return {
        "admin": {"disabled": True, "config": {"persist": False}},
        "storage": {"module": "file_system", "root": str(home)},
        "logging": {"logs": {"default": _logging()}},
        "apps": apps,
    }


def _server(listen: str, sites: List[Json]) -> Json:
    return {
        "listen": [listen],
        "routes": [*sites, {"handle": [{"handler": "static_response", "status_code": 421}]}],
        # Certificates are named below; no redirects, no surprise.
        "automatic_https": {"disable": True},
    }


def _people_site(orders: Orders, upstreams: Upstreams) -> Json:
    agent = f"127.0.0.1:{upstreams.agent_port}"
    routes = [
        {"match": [{"path": [ENTER, WORK]}], "handle": [_proxy(agent)], "terminal": True},
        {
            "match": [{"path": ["/_binder", "/_binder/*"]}],
            "handle": [{"handler": "static_response", "status_code": 404}],
            "terminal": True,
        },
        {"handle": [_ask(agent), _to_server(orders, upstreams)]},
    ]
    return {
        "match": [{"host": [orders.public_host]}],
        "handle": [{"handler": "subroute", "routes": routes}],
        "terminal": True,
    }


def _agent_site(upstreams: Upstreams) -> Json:
    return {
        "match": [{"host": [AGENT_HOST]}],
        "handle": [_proxy(f"127.0.0.1:{upstreams.agent_port}")],
        "terminal": True,
    }


def _ask(agent: str) -> Json:
    """Ask the agent. A 2xx lets the request pass with the agent's Authorization and Cookie; anything else is the answer."""
    routes: List[Json] = []
    for name in ("Authorization", "Cookie"):
        answered = "{http.reverse_proxy.header." + name + "}"
        # What the client sent never passes, also where the agent sets nothing.
        routes.append({"handle": [{"handler": "headers", "request": {"delete": [name]}}]})
        routes.append(
            {
                "match": [{"not": [{"vars": {answered: [""]}}]}],
                "handle": [{"handler": "headers", "request": {"set": {name: [answered]}}}],
            }
        )
    forwarded = {"X-Forwarded-Method": ["{http.request.method}"]}
    return {
        **_proxy(agent),
        "rewrite": {"method": "GET", "uri": "/auth"},
        "headers": {"request": {"set": forwarded}},
        "handle_response": [{"match": {"status_code": [2]}, "routes": routes}],
    }


def _to_server(orders: Orders, upstreams: Upstreams) -> Json:
    """The person's own server; what it says about other origins is taken back."""
    # Caddy would tell how the proxy came; programs build people's addresses of it.
    scheme = orders.origin.partition(":")[0]
    return {
        **_proxy(f"127.0.0.1:{upstreams.server_port}"),
        "headers": {
            "request": {"set": {"X-Forwarded-Proto": [scheme]}},
            "response": {"delete": ["Access-Control-*"]},
        },
        "flush_interval": -1,  # progress and logs are streams
    }


def _proxy(to: str) -> Json:
    return {"handler": "reverse_proxy", "upstreams": [{"dial": to}]}


def _add_tls(server: Json, orders: Orders) -> None:
    server["tls_connection_policies"] = [
        {"match": {"sni": [AGENT_HOST]}, "certificate_selection": {"any_tag": [_AGENT_CERTIFICATE]}},
        # Clients send no name for a bare address.
        {"default_sni": AGENT_HOST if orders.tls == "proxy" else orders.public_host},
    ]


def _tls(orders: Orders, certificate: Path, key: Path) -> Json:
    loaded = {"certificate": str(certificate), "key": str(key), "tags": [_AGENT_CERTIFICATE]}
    tls: Json = {"certificates": {"load_files": [loaded]}}
    if orders.issuers:
        tls["certificates"]["automate"] = subjects = [orders.public_host]
        tls["automation"] = {"policies": [{"subjects": subjects, "issuers": orders.issuers}]}
    return tls


def _logging() -> Json:
    """Errors only, and without addresses and headers of requests: a ticket is part of an address."""
    hidden = {name: {"filter": "delete"} for name in ("request>uri", "request>headers", "uri")}
    return {
        "level": "ERROR",
        "encoder": {"format": "filter", "wrap": {"format": "console"}, "fields": hidden},
    }

"""registry.py BASE.tar PORT: a registry on 127.0.0.1 with one image, whatever name and tag it is asked for; guests pull from it.

It stands in for Docker Hub, as the mirror that the guests' Docker is told of. The image is BASE.tar as its only layer.
"""

import functools
import hashlib
import json
import pathlib
import re
import shutil
import sys
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar"
_RUNS = {
    "Env": [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt",
    ],
    "Cmd": ["bash"],
}
_ASKED = re.compile(
    r"/v2/[a-z0-9._/-]+/(?:manifests/(?P<name>[\w.:-]+)|blobs/(?P<digest>sha256:[0-9a-f]{64}))"
)

_TLS = b"\x16"  # begins a handshake: Docker tries that first, and plain HTTP where the answer is HTTP


class Image:
    """One image of one layer."""

    def __init__(self, layer: pathlib.Path) -> None:
        with layer.open("rb") as opened:
            self.layer, self.layer_digest = (
                layer,
                f"sha256:{hashlib.file_digest(opened, 'sha256').hexdigest()}",
            )
        self.config = json.dumps(
            {
                "architecture": "amd64",
                "os": "linux",
                "config": _RUNS,
                "rootfs": {"type": "layers", "diff_ids": [self.layer_digest]},
            }
        ).encode()
        layers = [
            {"mediaType": _LAYER, "digest": self.layer_digest, "size": layer.stat().st_size},
        ]
        config = {"mediaType": _CONFIG, "digest": _digest(self.config), "size": len(self.config)}
        self.manifest = json.dumps(
            {"schemaVersion": 2, "mediaType": _MANIFEST, "config": config, "layers": layers}
        ).encode()

    def texts(self) -> Mapping[str, tuple[str, bytes]]:
        """What is small, by its digest: kind and content."""
        return {
            _digest(self.config): (_CONFIG, self.config),
            _digest(self.manifest): (_MANIFEST, self.manifest),
        }


def server(layer: pathlib.Path, port: int) -> ThreadingHTTPServer:
    """Serves on loopback once it is told to. The layer is read when the image is first asked for."""
    image = functools.cache(functools.partial(Image, layer))

    class Handler(_Handler):
        served = property(lambda _: image())

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    served: property  # the Image

    def handle(self) -> None:
        if self.rfile.peek(1)[:1] == _TLS:
            self.wfile.write(b"HTTP/1.0 400 Bad Request\r\n\r\n")
        else:
            super().handle()

    def do_GET(self) -> None:
        if self.path == "/v2/":
            self._send("application/json", b"{}")
            return
        asked = _ASKED.fullmatch(self.path.partition("?")[0])
        if asked is None:
            self.send_error(404)
            return
        texts = self.served.texts()
        name = asked["name"] or asked["digest"]
        digest = _digest(self.served.manifest) if asked["name"] and not name.startswith("sha256:") else name
        if digest in texts:
            self._send(*texts[digest], digest=digest)
        elif digest == self.served.layer_digest:
            self._send_layer()
        else:
            self.send_error(404)

    do_HEAD = do_GET  # noqa: N815  # the base's name

    def _send(self, kind: str, body: bytes, *, digest: str = "") -> None:
        self._begin(kind, len(body), digest)
        if self.command == "GET":
            self.wfile.write(body)

    def _send_layer(self) -> None:
        self._begin(_LAYER, self.served.layer.stat().st_size, self.served.layer_digest)
        if self.command == "GET":
            with self.served.layer.open("rb") as opened:
                shutil.copyfileobj(opened, self.wfile, 1 << 20)

    def _begin(self, kind: str, size: int, digest: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(size))
        self.send_header("Docker-Distribution-API-Version", "registry/2.0")
        if digest:
            self.send_header("Docker-Content-Digest", digest)
        self.end_headers()

    def address_string(self) -> str:
        """No name is looked up for the log."""
        return str(self.client_address[0])


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


if __name__ == "__main__":
    server(pathlib.Path(sys.argv[1]), int(sys.argv[2])).serve_forever()

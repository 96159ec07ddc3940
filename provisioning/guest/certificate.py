"""The agent's own certificate, which the bot pins by its hash: made once by ``openssl``."""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path
from typing import Mapping

from .orders import AGENT_HOST
from .processes import Children

_DAYS = "825"


class CertificateError(Exception):
    """``openssl`` could not make one."""


def ensure(state: Path, children: Children, env: Mapping[str, str]) -> tuple[Path, Path, str]:
    """The certificate's file, its key's file, and the SHA-256 of the certificate in hex. Raises `CertificateError`."""
    certificate, key = state / "agent.crt", state / "agent.key"
    if not (certificate.exists() and key.exists()):
        made_key, made = state / ".agent.key.new", state / ".agent.crt.new"
        args = [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
        ]
        args += ["-days", _DAYS, "-subj", f"/CN={AGENT_HOST}", "-addext", f"subjectAltName=DNS:{AGENT_HOST}"]
        finished = children.run([*args, "-keyout", str(made_key), "-out", str(made)], env=env, limit_s=60)
        if finished.code != 0:
            raise CertificateError("\n".join(finished.lines[-5:]))
        made_key.chmod(0o600)
        made_key.replace(key)
        made.replace(certificate)
    der = ssl.PEM_cert_to_DER_cert(certificate.read_text())
    return certificate, key, hashlib.sha256(der).hexdigest()

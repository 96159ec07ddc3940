"""GitHub as an Enterprise Server is reached: repositories below ``/owner/name``, the REST API below ``/api/v3``.

Its answers have the forms of GitHub's documentation (docs.github.com/en/rest/apps/apps), its refusals the words that people
report. It believes an App only by the signature over issuer and times, looked at by its own clock; a token opens what it was
restricted to, until it ends.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.fakes.git_server import GitServer

APP = "12345"
CLIENT_ID = "Iv23liplantedApp"
NUMBER = 42  # of the installation
_DOCS = "https://docs.github.com/rest"


def a_key(number: int = 0) -> rsa.RSAPrivateKey:
    """A key; another one for another number."""
    return _made(number)


@cache
def _made(number: int) -> rsa.RSAPrivateKey:
    del number
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem_of(key: rsa.RSAPrivateKey, form: PrivateFormat = PrivateFormat.TraditionalOpenSSL) -> str:
    """As GitHub lets it be downloaded: PKCS #1."""
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


@dataclass
class Given:
    """A token that was made."""

    repositories: frozenset[str]  # owner/name
    until: datetime
    contents: str


@dataclass
class Refusal(Exception):  # noqa: N818  an answer
    """What it says instead."""

    status: int
    message: str
    headers: dict[str, str] = field(default_factory=dict)


def _now() -> datetime:
    return datetime.now(UTC)


class GitHub(GitServer):
    """One App, its installation on some repositories of ``folder``, and what it was asked for."""

    def __init__(self, folder: Path, *installed: str, now: Callable[[], datetime] = _now) -> None:
        super().__init__(folder)
        self.now = now
        self.key = a_key()
        self.installed = set(installed)  # owner/name
        self.open: set[str] = set()  # repositories that everybody may read
        self.moved: dict[str, str] = {}  # from owner/name to owner/name
        self.granted = {"contents": "read", "metadata": "read"}
        self.suspended = False
        self.is_stateless = False  # tokens of the form of 2026
        self.adds: dict[str, str] = {}  # permissions that a token has beyond what it was asked for
        self.broken: web.Response | None = None  # what the API answers whatever it is asked
        self.moved_to = ""  # where the API sends whoever asks for an installation
        self.tokens: dict[str, Given] = {}
        self.wanted: list[dict[str, Any]] = []  # bodies of the calls that make tokens
        self.proofs: list[str] = []  # the JSON Web Tokens that were sent
        self.read_with: list[str] = []  # what git sent

    @property
    def api(self) -> str:
        return f"{self.url}/api/v3"

    @property
    def called(self) -> list[str]:
        """The API's paths that were asked for."""
        return [path.removeprefix("/api/v3") for path in self.asked if path.startswith("/api/v3/")]

    def seals(self) -> list[str]:
        """Every secret that went over the line."""
        basics = [base64.b64encode(f"x-access-token:{t}".encode()).decode() for t in self.tokens]
        return [*self.tokens, *basics, *self.proofs, *(p.rpartition(".")[2] for p in self.proofs)]

    async def _backend(self, request: web.Request) -> web.Response:
        if not request.path.startswith("/api/v3/"):
            return await self._git(request)
        headers = {"Date": format_datetime(self.now(), usegmt=True)}
        if self.broken is not None:
            self.broken.headers.update(headers)
            return self.broken
        try:
            status, said, more = await self._api(request)
        except Refusal as no:
            body = {"message": no.message, "documentation_url": _DOCS, "status": str(no.status)}
            return web.json_response(body, status=no.status, headers=headers | no.headers)
        return web.json_response(said, status=status, headers=headers | more)

    async def _git(self, request: web.Request) -> web.Response:
        owner, name = request.path.strip("/").split("/")[:2]
        repository = f"{owner}/{name}".removesuffix(".git")
        sent = request.headers.get("Authorization", "")
        self.read_with.append(sent)
        if repository not in self.open:
            password = base64.b64decode(sent.removeprefix("Basic ")).decode().partition(":")[2]
            given = self.tokens.get(password)
            if given is None or given.until <= self.now() or not given.contents:
                return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="GitHub"'})
            if self.moved.get(repository) in given.repositories:
                place = request.path_qs.replace(repository, self.moved[repository], 1)
                return web.Response(status=301, headers={"Location": f"{self.url}{place}"})
            if repository not in given.repositories:
                return web.Response(status=404, text="Repository not found.")
        return await super()._backend(request)

    async def _api(self, request: web.Request) -> tuple[int, object, dict[str, str]]:
        if not request.headers.get("User-Agent"):
            raise Refusal(403, "Request forbidden by administrative rules.")
        self._believe(request.headers.get("Authorization", ""))
        match request.method, *request.path.removeprefix("/api/v3/").split("/"):
            case "GET", "app":
                return 200, self._app(), {}
            case "GET", "repos", owner, name, "installation":
                return self._installation(f"{owner}/{name}")
            case "GET", "repositories", number, "installation":
                return self._installation(self._name_of(int(number)))
            case "POST", "app", "installations", number, "access_tokens" if number == str(NUMBER):
                return 201, self._make(await request.json()), {}
        raise Refusal(404, "Not Found")

    def _believe(self, sent: str) -> None:
        scheme, _, proof = sent.partition(" ")
        self.proofs.append(proof)
        try:
            head, claims, signature = (base64.urlsafe_b64decode(p + "==") for p in proof.split("."))
            signed = proof.rpartition(".")[0].encode()
            is_known = scheme == "Bearer" and json.loads(head) == {"alg": "RS256", "typ": "JWT"}
            told = json.loads(claims)
        except ValueError:
            raise Refusal(401, "A JSON web token could not be decoded") from None
        if str(told.get("iss")) not in (APP, CLIENT_ID):
            raise Refusal(404, "Integration not found")
        try:
            self.key.public_key().verify(signature, signed, PKCS1v15(), SHA256())
        except InvalidSignature:
            is_known = False
        if not is_known:
            raise Refusal(401, "A JSON web token could not be decoded")
        self._look_at_times(told, self.now().timestamp())

    def _look_at_times(self, told: dict[str, Any], now: float) -> None:
        iat, exp = told.get("iat"), told.get("exp")
        if not isinstance(iat, int) or iat > now:
            raise Refusal(
                401,
                "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
            )
        if not isinstance(exp, int) or exp <= now:
            raise Refusal(
                401,
                "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
            )
        if exp > now + 600:
            raise Refusal(401, "'Expiration time' claim ('exp') is too far in the future")

    def _app(self) -> dict[str, object]:
        owner = {"login": "org", "id": 1, "type": "Organization"}
        return {
            "id": int(APP), "client_id": CLIENT_ID, "slug": "binderops-at-org", "node_id": "MDEyOk", "owner": owner,
            "name": "Binderops at org", "description": "", "external_url": "https://binder.example",
            "html_url": "https://github.com/apps/binderops-at-org", "created_at": "2026-11-01T00:00:00Z",
            "updated_at": "2026-11-01T00:00:00Z", "permissions": self.granted, "events": [],
            "installations_count": 1 if self.installed else 0,
        }  # fmt: skip

    def _installation(self, repository: str) -> tuple[int, object, dict[str, str]]:
        if repository in self.moved or self.moved_to:
            number = self._number_of(self.moved.get(repository, repository))
            place = self.moved_to or f"{self.api}/repositories/{number}/installation"
            return (
                301,
                {"message": "Moved Permanently", "url": place, "documentation_url": _DOCS},
                {"Location": place},
            )
        if repository not in self.installed:
            raise Refusal(404, "Not Found")
        said = {
            "id": NUMBER, "account": {"login": repository.partition("/")[0], "id": 1, "type": "Organization"},
            "repository_selection": "selected", "access_tokens_url": f"{self.api}/app/installations/{NUMBER}/access_tokens",
            "repositories_url": f"{self.api}/installation/repositories", "app_id": int(APP), "app_slug": "binderops-at-org",
            "target_id": 1, "target_type": "Organization", "permissions": self.granted, "events": [],
            "created_at": "2026-11-01T00:00:00Z", "updated_at": "2026-11-01T00:00:00Z", "single_file_name": None,
            "suspended_at": "2026-11-02T00:00:00Z" if self.suspended else None,
            "suspended_by": {"login": "ada"} if self.suspended else None,
        }  # fmt: skip
        return 200, said, {}

    def _make(self, body: dict[str, Any]) -> dict[str, object]:
        self.wanted.append(body)
        if self.suspended:
            raise Refusal(403, "This installation has been suspended")
        names = {*body.get("repositories", []), *map(self._short_name_of, body.get("repository_ids", []))}
        chosen = {r for r in self.installed if r.partition("/")[2] in names}
        if len(chosen) != len(names):
            raise Refusal(
                422,
                "There is at least one repository that does not exist or is not accessible to the parent installation.",
            )
        asked = body.get("permissions", self.granted)
        if any(self.granted.get(name) not in (level, "write") for name, level in asked.items()):
            raise Refusal(422, "The permissions requested are not granted to this installation.")
        until = self.now() + timedelta(hours=1)
        plain = f"planted{len(self.tokens):04d}".ljust(36, "x")
        stateless = f"{APP}_eyJhbGciOiJFUzI1NiJ9.eyJ{plain.ljust(400, 'y')}.{plain}-_sig"
        token = f"ghs_{stateless if self.is_stateless else plain}"
        self.tokens[token] = Given(frozenset(chosen or self.installed), until, asked.get("contents", ""))
        return {
            "token": token, "expires_at": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "permissions": {**asked, "metadata": "read", **self.adds}, "repository_selection": "selected",
            "repositories": [{"id": self._number_of(r), "full_name": r, "private": True} for r in sorted(chosen)],
        }  # fmt: skip

    def _number_of(self, repository: str) -> int:
        return 1000 + sorted(self.installed | {repository}).index(repository)

    def _name_of(self, number: int) -> str:
        return next((r for r in self.installed if self._number_of(r) == number), "")

    def _short_name_of(self, number: int) -> str:
        return self._name_of(number).partition("/")[2]

"""The bot's side: signed calls only, each for exactly its method, path and body, and each once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Callable, Mapping
from urllib.parse import parse_qs, urlsplit

from .handed import Handed
from .jupyter import Activity
from .logbook import Logbook
from .orders import BadOrdersError, Orders
from .processes import TooLongError
from .reports import Reports
from .standing import Config
from .tickets import RefusedError, Verifier
from .web import Answer, Asked
from .work import Work

SIGNATURE = "binderops-signature"
_LONGEST_WAIT_S = 30.0
_LOG_PART = 1_000_000


@dataclass(frozen=True)
class Calls:
    """Answers the bot."""

    orders: Orders
    config: Config
    verifier: Verifier
    reports: Reports
    log: Logbook
    activity: Activity
    handed: Handed
    work: Work
    cut_off: Callable[[], None]  # ends the connections that people have open

    def answer(self, asked: Asked) -> Answer:
        """Whatever came to the agent's site."""
        try:
            self.verifier.call(
                asked.headers.get(SIGNATURE, ""), self.orders.binder, self.config.now.keys, method=asked.method,
                path=asked.path, body=asked.body,
            )  # fmt: skip
        except RefusedError as error:
            return _json(401, {"error": str(error)})
        known = self._routes().get((asked.method, urlsplit(asked.path).path))
        if known is None:
            return Answer(404)
        try:
            return known(asked)
        except (ValueError, BadOrdersError, RecursionError) as error:
            return _json(400, {"error": str(error)})

    def _routes(self) -> Mapping[tuple[str, str], Callable[[Asked], Answer]]:
        return {
            ("GET", "/_binder/status"): self._status,
            ("GET", "/_binder/log"): self._log,
            ("GET", "/_binder/activity"): self._activity,
            ("GET", "/_binder/work"): self._work,
            ("PUT", "/_binder/config"): self._configure,
            ("PUT", "/_binder/token"): self._take,
        }

    def _status(self, asked: Asked) -> Answer:
        after = int(_asked_for(asked, "after"))
        wait = min(_LONGEST_WAIT_S, max(0.0, float(_asked_for(asked, "wait"))))
        news = self.reports.after(after, wait)
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        return _json(200, {"now": now, "reports": news})

    def _log(self, asked: Asked) -> Answer:
        part, size = self.log.part(int(_asked_for(asked, "offset")), _LOG_PART)
        return Answer(200, part, headers={"Binderops-Log-Size": str(size)})

    def _activity(self, _: Asked) -> Answer:
        said = self.activity.told()
        return _json(503, {"error": "the server is not up"}) if said is None else _json(200, said)

    def _work(self, _: Asked) -> Answer:
        try:
            return _json(200, {"work": self.work.look()})
        except (OSError, TooLongError) as error:
            return _json(503, {"error": str(error)})

    def _configure(self, asked: Asked) -> Answer:
        before = self.config.now.epoch
        now = self.config.change(json.loads(asked.body))
        if now.epoch > before:
            self.cut_off()
        return _json(200, {"epoch": now.epoch, "keys": list(now.keys)})

    def _take(self, asked: Asked) -> Answer:
        self.handed.put(json.loads(asked.body))
        return _json(200, {})


def _asked_for(asked: Asked, name: str) -> str:
    """A number of the query; 0 where it is not given."""
    return parse_qs(urlsplit(asked.path).query).get(name, ["0"])[0]


def _json(status: int, value: object) -> Answer:
    return Answer(status, json.dumps(value).encode(), "application/json")

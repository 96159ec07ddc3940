"""Read by the person's Jupyter Server, not by the agent: the gate's token opens it, and no page or kernel ever sees it.

Jupyter's own token setting would be written into every page of JupyterLab; so it stays empty, and the token is compared here.
"""

import os
import secrets
import traceback

from jupyter_core.paths import jupyter_config_path  # type: ignore[import-not-found]  # the person's, not ours
from traitlets.config.loader import ConfigFileNotFound, JSONFileConfigLoader  # type: ignore[import-not-found]

_TOKEN = os.environ.pop("JUPYTER_TOKEN", "")  # popped: kernels and terminals inherit the rest

c = get_config()  # type: ignore[name-defined]  # noqa: F821  # traitlets defines it in configuration files

# Told of this file, Jupyter reads no other: what a repository brings comes first, then.
for _folder in (*reversed(jupyter_config_path()), os.getcwd()):
    try:
        load_subconfig("jupyter_server_config.py", _folder)  # type: ignore[name-defined]  # noqa: F821  # see get_config
        c.merge(JSONFileConfigLoader("jupyter_server_config.json", _folder).load_config())
    except ConfigFileNotFound:  # noqa: PERF203  # folder by folder
        pass
    except Exception:  # noqa: BLE001  # said in the log
        traceback.print_exc()

c.LabApp.news_url = None  # no question about news of Jupyter at the first opening

try:
    from jupyter_server.auth import IdentityProvider  # type: ignore[import-not-found]  # the person's, not ours
except ImportError:  # an image with an old server: its own token setting is all there is
    c.ServerApp.token = _TOKEN
    c.NotebookApp.token = _TOKEN
else:

    class GateToken(IdentityProvider):  # type: ignore[misc]  # see the import
        """Whoever brings the gate's token is let in."""

        async def get_user_token(self, handler: object) -> object:
            given = self.get_token(handler) or ""
            if not _TOKEN or not secrets.compare_digest(given.encode(), _TOKEN.encode()):
                return None
            known = self.get_user_cookie(handler)
            if hasattr(known, "__await__"):
                known = await known
            return known or self.generate_anonymous_user(handler)

    c.ServerApp.identity_provider_class = GateToken
    c.IdentityProvider.token = ""

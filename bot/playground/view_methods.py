"""``views.*``: modals and the Home tab."""

from bot.playground.arguments import decoded, needed
from bot.playground.refusals import SlackError, checked_view
from bot.playground.shapes import Json
from bot.playground.site import Site


def _view(call: Json, kind: str) -> Json:
    needed(call, "view")
    return checked_view(decoded(call["view"], "invalid_arguments"), kind)


def open_view(site: Site, call: Json) -> Json:
    """Show a modal to the person whose trigger this is."""
    return {"view": site.windows.open(needed(call, "trigger_id"), _view(call, "modal"))}


def push(site: Site, call: Json) -> Json:
    """Show a modal on top of the open one."""
    return {"view": site.windows.push(needed(call, "trigger_id"), _view(call, "modal"))}


def update(site: Site, call: Json) -> Json:
    """Replace an open modal."""
    if not call.get("view_id") and not call.get("external_id"):
        raise SlackError(
            "invalid_arguments", response_metadata={"messages": ["[ERROR] view_id or external_id"]}
        )
    view = _view(call, "modal")
    return {"view": site.windows.update(call.get("view_id"), call.get("external_id"), view, call.get("hash"))}


def publish(site: Site, call: Json) -> Json:
    """Set a person's Home tab. Raises ``not_enabled`` where the manifest has none."""
    if not site.app.has_home:
        raise SlackError("not_enabled")
    user = site.workspace.user(needed(call, "user_id"))
    return {"view": site.windows.publish(user.id, _view(call, "home"), call.get("hash"))}

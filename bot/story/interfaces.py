"""What a ready binder offers to open, in one order for every message, list and answer. Pure."""

from provisioning.model import Interface, Report

#: The programs that people know by name, in the order in which they would look for them.
_KNOWN = (
    "lab",
    "rstudio",
    "shiny",
    "notebook",
    "vscode",
    "desktop",
    "nteract",
    "pluto",
    "streamlit",
    "voila",
)
#: What an interface also answers, beside what lies below its own path: one document alone, a notebook, a text.
_ALSO = {"lab": ("/doc",), "notebook": ("/notebooks", "/edit", "/view")}


def offered(report: Report) -> tuple[Interface, ...]:
    """Each interface once: where the person wanted to go, the known ones, the others by their titles, the terminal.

    What was asked for may be no interface's, such as a page of nbgitpuller's; then it comes first, as one of its own.
    """
    unique = {i.name: i for i in reversed(report.interfaces)}
    reported = [i for i in report.interfaces if unique[i.name] is i]
    leading = [i for i in reported if leads_to(i, report.open_path)]
    wanted = max(leading, key=lambda i: len(i.path), default=None)
    asked = [] if wanted or not reported else _asked(report.open_path)
    return (*asked, *sorted(reported, key=lambda i: (i is not wanted, *_place(i))))


def _place(interface: Interface) -> tuple[bool, int, str]:
    known = _KNOWN.index(interface.name) if interface.name in _KNOWN else len(_KNOWN)
    return interface.name == "terminal", known, interface.title.casefold()


def leads_to(interface: Interface, open_path: str) -> bool:
    """Whether that path, perhaps with a query, is the interface's own or lies below it; the server's root leads nowhere."""
    bases = (interface.path.rstrip("/"), *_ALSO.get(interface.name, ()))
    path = open_path.partition("?")[0].rstrip("/") + "/"
    return any(base and path.startswith(base + "/") for base in bases)


def _asked(open_path: str) -> list[Interface]:
    """The page that the launch asked for; none where that is the server's root, which leads on by itself."""
    if not open_path.strip("/"):
        return []
    return [Interface(name="page", title="what was asked for", path=open_path)]

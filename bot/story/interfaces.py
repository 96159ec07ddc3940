"""What a ready binder offers to open, in one order for every message, list and answer. Pure."""

from provisioning.model import Interface, Report


def offered(report: Report) -> tuple[Interface, ...]:
    """Each interface once: where the person wanted to go, the others as reported, the terminal."""
    unique = {i.name: i for i in reversed(report.interfaces)}
    reported = [i for i in report.interfaces if unique[i.name] is i]
    leading = [i for i in reported if leads_to(i, report.open_path)]
    wanted = max(leading, key=lambda i: len(i.path), default=None)
    return tuple(sorted(reported, key=lambda i: (i is not wanted, i.name == "terminal")))


def leads_to(interface: Interface, open_path: str) -> bool:
    """Whether that path, perhaps with a query, is the interface's own or lies below it; the server's root leads nowhere."""
    base = interface.path.rstrip("/")
    return bool(base) and (open_path.partition("?")[0].rstrip("/") + "/").startswith(base + "/")

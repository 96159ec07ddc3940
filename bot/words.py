"""How times, prices and states are said to people. Pure; no sentence here names a program."""

from datetime import UTC, datetime, timedelta

from bot import blocks
from bot.grammar.printing import page_of
from provisioning.model import Binder, Outcome, Phase, Plan
from provisioning.sources.content import content_of

STATES = {
    Phase.REQUESTED: "Looking up",
    Phase.QUEUED: "About to start",
    Phase.CREATING: "Creating the instance",
    Phase.BOOTING: "Starting the instance",
    Phase.BUILDING: "Building the environment",
    Phase.STARTING: "Starting the environment",
    Phase.READY: "Ready",
    Phase.PAUSING: "Pausing",
    Phase.PAUSED: "Paused",
    Phase.RESUMING: "Resuming",
    Phase.FAILED: "Failed",
}
_ENDS = {
    Outcome.OK: "Deleted",
    Outcome.FAILED: "Failed",
    Outcome.CANCELLED: "Cancelled",
    Outcome.EXPIRED: "Expired",
}


def state(binder: Binder) -> str:
    """The state in words, first thing in every message about a binder."""
    if binder.phase in STATES:
        return STATES[binder.phase]
    return _ENDS[binder.outcome or Outcome.OK]


def duration(span: timedelta) -> str:
    """``3 hours 12 minutes``: the two largest units that matter; below a minute, seconds."""
    seconds = max(0, round(span.total_seconds()))
    if seconds < 60:
        return _count(seconds, "second")
    minutes = round(seconds / 60)
    days, hours, minutes = minutes // 1440, minutes % 1440 // 60, minutes % 60
    units = [(days, "day"), (hours, "hour"), (minutes, "minute")]
    return " ".join(_count(n, unit) for n, unit in [u for u in units if u[0]][:2])


def amount(number: float) -> str:
    """A number without needless digits: ``2``, ``0.5``."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def weight(size_bytes: int) -> str:
    """``3.4 MiB``: what files weigh."""
    return f"{size_bytes / 2**20:,.1f} MiB" if size_bytes > 0.05 * 2**20 else "less than 0.1 MiB"


def when(at: datetime) -> str:
    """A time in the reader's own zone and language; the fallback says UTC."""
    at = at.astimezone(UTC)
    said = f"{at.day} {at:%b %Y, %H:%M} UTC"
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} at {{time}}|{said}>"


def clock(at: datetime) -> str:
    """A time of day in the reader's own zone; the fallback says UTC."""
    at = at.astimezone(UTC)
    return f"<!date^{int(at.timestamp())}^{{time}}|{at:%H:%M} UTC>"


def mention(user: object) -> str:
    """A mention, which notifies where the message is new; somebody unknown is nobody."""
    name = str(user or "")
    return f"<@{name}>" if name.isalnum() and name.isascii() else "somebody"


def place(channel: str) -> str:
    """The channel as a link; a conversation with the bot has no name to show."""
    return "our conversation" if channel.startswith("D") else f"<#{channel}>"


def subject(binder: Binder) -> str:
    """``org/repo@abc1234`` for texts: what the message is about."""
    if binder.plan is None:
        return blocks.words(binder.request.options.name or binder.request.repo, 150)
    return blocks.words(f"{binder.plan.title}@{short_id(binder.plan)}", 150)


def plain_subject(binder: Binder) -> str:
    """`subject` where no markup is meant."""
    return blocks.one_line(binder.plan.title if binder.plan else binder.request.repo)


def source(plan: Plan) -> str:
    """The repository as a link, its commit and the ref's name; and the second repository that nbgitpuller brings in."""
    named = f" ({blocks.words(plan.ref, 80)})" if plan.ref and plan.ref != plan.commit else ""
    pulled = content(plan.request.open_url)
    brings = f", with the files of {pulled}" if pulled else ""
    return f"{blocks.link(page_of(plan.request), plan.title)} at {blocks.code(short_id(plan))}{named}{brings}"


def content(open_url: str) -> str:
    """The repository that nbgitpuller pulls where a launch opens, as a link; empty where it pulls none."""
    pulled = content_of(open_url)
    if pulled is None:
        return ""
    label = pulled.repo.partition("://")[2] or pulled.repo
    branch = f" ({blocks.words(pulled.branch, 80)})" if pulled.branch else ""
    return f"{blocks.link(pulled.repo, blocks.cut(label, 100))}{branch}"


def short_id(plan: Plan) -> str:
    """The source's immutable id as people read it."""
    return plan.commit[:7] if plan.source_kind in {"git", "archive"} else plan.commit[:24]


def size(plan: Plan) -> str:
    """``m3.small (2 CPUs, 6 GB of memory)``, and on which cloud where there are several."""
    flavor = plan.flavor
    cpus = _count(flavor.vcpus, "CPU")
    place = f" on {blocks.words(plan.cloud, 50)}" if plan.cloud else ""
    return f"{blocks.words(flavor.name, 80)} ({cpus}, {amount(flavor.ram_mib / 1024)} GB of memory){place}"


def volume(binder: Binder) -> str:
    """The work volume that it has, or had; empty where it has none."""
    work = binder.volume
    return "" if work is None else f"volume {blocks.code(work.name)} of {work.size_gib} GiB"


def price(plan: Plan) -> str:
    """What an hour costs; nothing is made up where it is not known."""
    rate = plan.flavor.su_per_hour
    return "price not known" if rate is None else f"{amount(rate)} SU an hour"


def total(plan: Plan) -> str:
    """What the whole lifetime costs."""
    rate = plan.flavor.su_per_hour
    return "" if rate is None else f"about {amount(rate * (plan.lifetime / timedelta(hours=1)))} SU in all"


def until(binder: Binder) -> str:
    """Until when it runs."""
    if binder.expires_at is not None:
        return f"until {when(binder.expires_at)}"
    return f"for {duration(binder.plan.lifetime)} once ready" if binder.plan else ""


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"

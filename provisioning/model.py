"""The values that the whole program speaks in: requests, plans, binders, reports, intents, events.

Frozen, without behaviour beyond naming themselves. No clock, no network, no database: whatever a value needs is in it.
Times are UTC-aware ``datetime``, spans ``timedelta``; sizes carry their unit in the name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

BinderId = NewType("BinderId", str)  # 10 characters of a-z and 2-9: fits a DNS label and a person's eye
VolumeId = NewType("VolumeId", str)  # ours, of the same characters: the cloud has an id of its own
Json = Mapping[str, object]


class PathKind(StrEnum):
    """What the person's path means."""

    NONE = "none"  # no path given
    AUTO = (
        "auto"  # decided on the guest: a folder with Binder configuration is built, anything else is opened
    )
    OPEN = "open"  # a file or URL path to open
    SUBDIR = "subdir"  # the folder whose Binder configuration is built


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a person may add to a request; empty means the deployment's default."""

    flavor: str = ""
    image: str = ""
    hours: float | None = None  # lifetime once ready, in hours
    name: str = ""  # shown in messages instead of the repository's name
    cloud: str = ""  # the name of one of several clouds
    volume: str = ""  # the person's name for a work volume
    volume_gib: int | None = (
        None  # how large it is to be, or is; None: as it is, else the deployment's default
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked, parsed: nothing in it has been looked up."""

    provider: str  # gh gl git ...
    repo: str  # full URL
    ref: str = ""  # branch, tag or commit; empty: the repository's default branch
    path: str = ""
    path_kind: PathKind = PathKind.NONE
    open_url: str = ""  # below the server's base, as BinderHub would send the browser; empty: undecided
    options: Options = field(default_factory=Options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavor:
    """A size of instance."""

    name: str
    vcpus: int
    ram_mib: int
    disk_gib: int
    su_per_hour: float | None = None  # price while ACTIVE; None: unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the person agrees to. Everything after it keys on ``commit``."""

    request: Request
    commit: str  # the source's immutable id: a commit's full object id, a record's id with its version, an archive's SHA-256
    ref: str  # the ref's resolved name (``main``, ``v1.2``), for people
    title: str  # ``org/repo`` or the name the person gave
    flavor: Flavor
    image: str
    lifetime: timedelta  # counted from ready
    needs_confirmation: bool
    cloud: str = ""  # the cloud's name in the settings; empty: the first one
    source_url: str = ""  # where redirects led; empty: the request's own address
    source_address: str = ""  # the checked address of a git host; the guest connects to this one
    source_kind: str = "git"  # how the guest fetches it: git, archive, swh, or the site of a record
    needs_token: bool = False  # private: its guest fetches it with a token that the owner may use


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkVolume:
    """A person's volume that outlives the binder which holds it."""

    id: VolumeId
    name: str  # one of the owner's on that cloud
    size_gib: int


class Phase(StrEnum):
    """Where a binder is; `provisioning.lifecycle` holds the legal moves and limits."""

    REQUESTED = "requested"
    QUEUED = "queued"
    CREATING = "creating"
    BOOTING = "booting"
    BUILDING = "building"
    STARTING = "starting"
    READY = "ready"
    PAUSING = "pausing"
    PAUSED = "paused"
    RESUMING = "resuming"
    FAILED = "failed"
    DELETING = "deleting"
    DELETED = "deleted"


class Outcome(StrEnum):
    """How a binder ended; outlives the phases."""

    OK = "ok"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failure as it is stored and told. ``code`` has a section in docs/reference/failures.md."""

    code: str
    message: str
    hint: str
    lines: tuple[str, ...] = ()  # the log lines that matter, three to ten
    step: str = ""  # the build step that failed, as the log names it
    span: tuple[int, int] | None = None  # the mistake's place in the person's text
    text: str = ""  # that text


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """One thing a browser can open on a ready binder; only what answered is listed."""

    name: str  # lab notebook rstudio shiny vscode desktop terminal app-<name> ...: stable, for action ids
    title: str  # what the button says after "Open"
    path: str  # below the public URL, begins with "/"; has the trailing slash that the program wants


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One numbered sentence of the guest agent; repeatable, ordered by ``n``."""

    n: int
    at: datetime
    phase: str  # setup fetch pull build start probe ready failed
    message: str
    step: tuple[int, int] | None = None  # build step, of how many
    cert_sha256: str = ""
    interfaces: tuple[Interface, ...] = ()  # with ready, and whenever they change
    failure: Failure | None = None  # with failed
    note: str = ""  # what the guest decided, for people: "built from binder/", "opens a.ipynb"
    open_path: str = ""  # with ready: what the first button opens
    uncertified: str = ""  # why its own address has no certificate that browsers know, for people
    awaits: str = ""  # with fetch: "token" where the guest waits for one, said again after each restart


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The files that are new or changed since the binder was ready, as its guest counts them."""

    files: int
    size_bytes: int  # of those that fit into a download
    left_out: int = 0  # of the files: those that do not fit


class Verb(StrEnum):
    """What a person can want of a binder that exists. Launching is not one: it makes a binder."""

    CONFIRM = "confirm"
    EXTEND = "extend"
    CANCEL = "cancel"
    RETRY = "retry"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A person's wish for one binder, already authorised."""

    id: int
    verb: Verb
    who: str  # Slack user id
    at: datetime
    hours: float | None = None  # extend
    keeps_volume: bool = False  # delete
    drops_volume: bool = False  # delete: the work volume goes too


class Happened(StrEnum):
    """Kinds of events: the story, past tense. The data's keys stand beside each."""

    REQUESTED = "requested"  # -
    RESOLVED = "resolved"  # commit, ref
    CONFIRMATION_ASKED = "confirmation_asked"  # su_per_hour
    CONFIRMED = "confirmed"  # who
    ATTEMPT_STARTED = "attempt_started"  # attempt, flavor
    OBJECT_MADE = "object_made"  # kind
    SERVER_ACTIVE = "server_active"  # address
    BUILD_BEGAN = "build_began"  # -
    START_BEGAN = "start_began"  # -
    BECAME_READY = "became_ready"  # expires_at
    FAILED = "failed"  # code; the failure itself is the binder's
    WARNED = "warned"  # expires_at, minutes; files, size_bytes, left_out: the work, where the guest told
    EXTENDED = "extended"  # who, hours, expires_at
    EXTENSION_REFUSED = "extension_refused"  # who, reason
    NOT_APPLICABLE = "not_applicable"  # who, verb, phase: an intent that came too late, said to that person
    RETRIED = "retried"  # who, attempt
    CANCELLED = "cancelled"  # who
    DELETE_ASKED = "delete_asked"  # who, drops_volume
    DELETION_REFUSED = "deletion_refused"  # who, reason
    SHARED = "shared"  # who, whom: a user, or "channel"
    UNSHARED = "unshared"  # who, whom: as well; empty: with nobody any more
    EXPIRED = "expired"  # -
    DELETE_STUCK = "delete_stuck"  # detail: told once, the deletion goes on
    DELETED = "deleted"  # volume: the id of the one that was kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened to a binder."""

    kind: Happened
    at: datetime
    data: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binder:
    """One launch and its life, as the database holds it."""

    id: BinderId
    team: str
    channel: str
    owner: str
    request: Request
    plan: Plan | None
    phase: Phase
    outcome: Outcome | None
    failure: Failure | None
    attempt: int  # 0 until the first one starts
    created_at: datetime
    phase_since: datetime
    expires_at: datetime | None  # set when ready
    keep_until: datetime | None  # a failed binder's instance is kept until then, for looking at it
    warned: int  # warnings given before this end of life; while deleting: 1 once told that it is stuck
    public_url: str  # of the current attempt, without a trailing slash; empty until it has an address
    report: Report | None  # the newest of the current attempt
    last_action_at: datetime  # when the last cloud call of this binder ended
    errors_in_row: int  # temporary errors since the last success: the back-off
    last_error: str  # the newest temporary error's words
    agent_url: str = ""  # where the bot calls this attempt's guest
    cert_sha256: str = ""  # the guest's certificate, pinned by its first report
    stopped_since: datetime | None = None  # when a listing first showed the instance stopped
    keeps_volume: bool = False  # its deletion leaves the root volume of the last attempt
    volume: WorkVolume | None = None  # held until it is deleted: no other binder gets it

"""Causes that lie in the instance: each explains what else the log complains of, so they are tried first."""

from provisioning.failures.cause import BUILDING, COMING_UP, STARTING, Cause, Help, Stage

MACHINE: tuple[Cause, ...] = (
    Cause(
        code="disk-full",
        message="The disk is full.",
        hint="Choose a flavor with a larger disk, or install less.",
        evidence=(r"no space left on device", r"disk quota exceeded", r"Errno 28\b"),
        stages=COMING_UP | {Stage.START},
        helps=(Help.LARGER,),
    ),
    Cause(
        code="out-of-memory",
        message="The build ran out of memory and was killed.",
        hint="Choose a flavor with more memory, or install what needs less of it to build.",
        evidence=(
            r"(?:exit|non-zero) code:? 137\b",
            r"(?:^|\s)Killed$",
            r"\bMemoryError\b",
            r"cannot allocate memory",
            r"signal: 9\b|SIGKILL|Killed signal terminated program|internal compiler error: Killed",
            r"out of memory",
        ),
        helps=(Help.LARGER,),
    ),
    Cause(
        code="server-out-of-memory",
        message="What was built ran out of memory as soon as it was started.",
        hint="Choose a flavor with more memory, or let the start script load less.",
        evidence=(
            r"OOMKilled=true",
            r"server ended \((?:137|-9)\)",
            r"(?:^|\s)Killed$",
            r"\bMemoryError\b",
            r"cannot allocate memory",
        ),
        stages=STARTING,
        helps=(Help.LARGER,),
    ),
    Cause(
        code="docker-not-ready",
        message="Docker is not ready on this instance.",
        hint="This is not the repository's fault: press Retry. If it happens again, tell whoever runs the bot.",
        evidence=(
            r"Cannot connect to the Docker daemon",
            r"'buildx' is not a docker command",
            r"buildx plugin must be installed",
            r"docker commandline client must be installed",
        ),
        stages=BUILDING,
    ),
    Cause(
        code="clock-skew",
        message="The instance's clock is wrong, so signatures and certificates seem to be of another time.",
        hint="Press Retry: a new instance sets its clock anew. If it happens again, tell whoever runs the cloud.",
        evidence=(
            r"Release file for \S+ is not valid yet",
            r"is not yet valid: current time \S+ is before",
        ),
    ),
)

"""Causes that lie in the repository's own recipe: its Dockerfile, its scripts, what it forgot to install."""

from provisioning.failures.cause import ALWAYS, BUILDING, STARTING, Cause, Help, Shown

_AFTER_A_CHANGE = (Help.RELAUNCH,)

DOCKERFILE: tuple[Cause, ...] = (
    Cause(
        code="dockerfile-error",
        message="The Dockerfile is not valid{at}.",
        hint="Correct the line that is shown.",
        evidence=(
            r"dockerfile parse error (?:on )?line (?P<line>\d+)",
            r"failed to read dockerfile",
            r"failed to (?:compute cache key|calculate checksum of ref)",
        ),
        stages=BUILDING,
        helps=_AFTER_A_CHANGE,
    ),
)

SCRIPTS: tuple[Cause, ...] = (
    Cause(
        code="jupyter-missing",
        message="There is no JupyterLab in what was built.",
        hint="Add jupyterlab to what the repository installs.",
        evidence=(
            r"exec: \"jupyter(?:-lab)?\": executable file not found",
            r"jupyter(?:-lab)?: (?:command )?not found",
            r"No module named '?jupyter",
            r"Jupyter command `jupyter-\w+` not found",
        ),
        stages=ALWAYS,
        helps=_AFTER_A_CHANGE,
    ),
    Cause(
        code="post-build-failed",
        message="The repository's postBuild script failed.",
        hint="The lines below are its last words; correct it in the repository.",
        evidence=(
            r"/bin/sh -c \./(?:[\w.-]+/)?postBuild\b[^:]*(?:did not complete|exit code|returned a non-zero)",
        ),
        step=r"\bpostBuild$",
        stages=BUILDING,
        helps=_AFTER_A_CHANGE,
    ),
    Cause(
        code="start-script-failed",
        message="The repository's start script failed.",
        hint='Correct the line that is shown. The script must end with exec "$@".',
        evidence=(
            r"(?:^|/)start: (?:line )?\d+: ",
            r"exec: \"[^\"]*/start\": ",
            r"No such file or directory: '[^']*/start'",
            r"exec \S*/start: (?:exec format error|no such file)",
            r"/start: Permission denied",
        ),
        stages=STARTING,
        helps=_AFTER_A_CHANGE,
    ),
    Cause(
        code="command-failed",
        message="A command of the build failed{at}.",
        hint="The lines below are its last words; correct it in the repository.",
        evidence=(
            r"did not complete successfully: exit code: \d+",
            r"executor failed running .*exit code: \d+",
            r"returned a non-zero code: \d+",
        ),
        stages=BUILDING,
        helps=_AFTER_A_CHANGE,
        shown=Shown.FIRST,
    ),
)

"""Causes that lie in what the repository asks to be installed: by apt, conda, pip, uv or R."""

from provisioning.failures.cause import BUILDING, Cause, Help, Shown

_AFTER_A_CHANGE = (Help.RELAUNCH,)

PACKAGES: tuple[Cause, ...] = (
    Cause(
        code="apt-package-gone",
        message="apt's mirror does not have a file any more that its list names.",
        hint="In a Dockerfile, run apt-get update in the same RUN as the install; a release past its end needs a newer base image.",
        evidence=(r"Failed to fetch \S+\s+404\s+Not Found", r"does not have a Release file"),
        stages=BUILDING,
        helps=(Help.RETRY, Help.RELAUNCH),
        shown=Shown.FIRST,
    ),
    Cause(
        code="version-not-found",
        message="There is no {what}: the package has other versions only.",
        hint="Ask for a version that exists, or leave the version out.",
        evidence=(
            r"Because there (?:is|are) no versions? of (?P<what>[^ ,]+)",
            r"satisfies the requirement (?P<what>\S+) \(from versions: (?!none)",
            r"E: Version '[^']*' for '(?P<what>[^']+)' was not found",
        ),
        stages=BUILDING,
        helps=_AFTER_A_CHANGE,
    ),
    Cause(
        code="package-not-found",
        message="There is no package named {name}.",
        hint="Correct its name or version in the file that lists it.",
        evidence=(
            r"Because (?P<what>\S+) was not found in the package registry",
            r"No matching distribution found for (?P<what>\S+)",
            r"nothing provides requested (?P<what>\S+)",
            r"[\u2500-] (?P<what>[\w.-]+) (?:\S+ )?(?:\S+ )?does not exist \(perhaps a",
            r"package .(?P<what>[\w.]+). is not available",
            r"Unable to locate package (?P<what>\S+)",
            r"PackagesNotFoundError|ResolvePackageNotFound",
        ),
        stages=BUILDING,
        helps=_AFTER_A_CHANGE,
    ),
    Cause(
        code="conda-conflict",
        message="conda finds no set of packages that fits together.",
        hint="Loosen the versions in environment.yml; the lines below say which ones exclude each other.",
        evidence=(
            r"Could not solve for environment specs",
            r"UnsatisfiableError",
            r"The following packages are incompatible",
            r"nothing provides \S+ (?:\S+ )?needed by",
        ),
        stages=BUILDING,
        helps=_AFTER_A_CHANGE,
        shown=Shown.FIRST,
    ),
    Cause(
        code="dependencies-conflict",
        message="The packages that are asked for do not fit together.",
        hint="Loosen the versions in the file that lists them; the lines below say which ones exclude each other.",
        evidence=(
            r"No solution found when resolving",
            r"these package versions have conflicting dependencies",
            r"ResolutionImpossible",
            r"your requirements are unsatisfiable",
        ),
        stages=BUILDING,
        helps=_AFTER_A_CHANGE,
        shown=Shown.FIRST,
    ),
    Cause(
        code="r-package-failed",
        message="An R package could not be installed{more}.",
        hint="Add the system libraries that it needs to apt.txt, or take it from a snapshot of CRAN of another date (runtime.txt).",
        evidence=(
            r"installation of package .(?P<what>[\w./-]+). had non-zero exit status",
            r"lazy loading failed for package .(?P<what>[\w.]+).",
            r"compilation failed for package .(?P<what>[\w.]+).",
            r"configuration failed for package .(?P<what>[\w.]+).",
            r"there is no package called .(?P<what>[\w.]+).",
        ),
        stages=BUILDING,
        helps=_AFTER_A_CHANGE,
        shown=Shown.FIRST,
    ),
    Cause(
        code="package-build-failed",
        message="A package could not be compiled.",
        hint="Ask for a version that has a ready-made wheel, or add the compiler and libraries that it needs.",
        evidence=(
            r"fatal error: \S+\.h(?:pp)?: No such file",
            r"error: command '[^']*' failed",
            r"The build backend returned an error",
            r"Failed building wheel for",
            r"Failed to build [`'\w]",
            r"subprocess-exited-with-error",
            r"Preparing metadata \S+ did not run successfully",
        ),
        stages=BUILDING,
        helps=_AFTER_A_CHANGE,
        shown=Shown.END,
    ),
    Cause(
        code="requirements-unreadable",
        message="A file that lists packages cannot be read.",
        hint="Correct the line that is shown.",
        evidence=(r"Couldn't parse requirement", r"Invalid requirement", r"error: Failed to parse"),
        stages=BUILDING,
        helps=_AFTER_A_CHANGE,
    ),
)

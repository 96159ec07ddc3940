"""Causes that lie in the repository's place: it, its commit, its submodules, its large files."""

from provisioning.failures.cause import Cause, Help

SOURCE: tuple[Cause, ...] = (
    Cause(
        code="submodule-failed",
        message="A submodule of the repository cannot be fetched.",
        hint="Check that its address in .gitmodules is a public https one, and that the commit it is pinned to is still there.",
        evidence=(
            r"into submodule path '[^']*' failed",
            r"Failed to clone '[^']*' a second time",
            r"Fetched in submodule path '[^']*', but it did not contain",
            r"Unable to checkout '\w+' in submodule path",
            r"No url found for submodule path",
        ),
        helps=(Help.RELAUNCH, Help.RETRY),
    ),
    Cause(
        code="lfs-failed",
        message="Large files of the repository (Git LFS) cannot be fetched.",
        hint="Their server's quota may be used up, or git-lfs not installed. Ask the repository's authors, or keep the data elsewhere.",
        evidence=(
            r"smudge filter lfs failed",
            r"external filter '?git-lfs",
            r"over its data quota",
            r"Smudge error",
            r"git-lfs: (?:command )?not found|'lfs' is not a git command",
        ),
        helps=(Help.RETRY, Help.RELAUNCH),
    ),
    Cause(
        code="repository-private",
        message="A repository is private, or there is none of this name: its server asks who is there.",
        hint="Check that it opens in a private browser window. For a private one, give a token (/binder token).",
        evidence=(
            r"could not read Username",
            r"Authentication failed",
            r"The requested URL returned error: 40[13]\b",
            r"Permission denied \(publickey",
        ),
        helps=(Help.RELAUNCH,),
    ),
    Cause(
        code="commit-gone",
        message="The commit is not in the repository any more.",
        hint="It may have been replaced by a forced push: launch again with the branch's name.",
        evidence=(
            r"not our ref",
            r"Server does not allow request for unadvertised object",
            r"couldn't find remote ref",
            r"reference is not a tree",
            r"Failed to check out ref",
        ),
        helps=(Help.RELAUNCH,),
    ),
    Cause(
        code="repository-gone",
        message="The repository cannot be read any more.",
        hint="It may have been deleted, renamed or made private. Check that it opens in a private browser window.",
        evidence=(
            r"repository (?:'[^']*' )?not found",
            r"does not appear to be a git repository",
            r"The requested URL returned error: 404\b",
            r"access denied or repository not exported",
        ),
        helps=(Help.RELAUNCH,),
    ),
)

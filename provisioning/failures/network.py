"""Causes that lie between the instance and others' servers.

`FAR` comes before the packages: an installer whose server cannot be reached says at last that there is no such package.
`NEAR_THE_END` comes after them: such words also stand in logs that failed for another reason.
"""

from provisioning.failures.cause import BUILDING, Cause, Help

_WAY = "If it happens again, the instance's way to the internet may be closed: tell whoever runs the bot."

FAR: tuple[Cause, ...] = (
    Cause(
        code="docker-rate-limit",
        message="The registry of images gives this cloud's address no more for now: its rate limit is reached.",
        hint="Press Retry in an hour or more, or name a base image from another registry, such as quay.io or ghcr.io.",
        evidence=(
            r"toomanyrequests",
            r"reached your (?:unauthenticated )?pull rate limit",
            r"/v2/\S+ 429 Too Many Requests",
        ),
        stages=BUILDING,
        helps=(Help.RETRY, Help.RELAUNCH),
    ),
    Cause(
        code="tls-failed",
        message="A server's certificate is not one that can be trusted.",
        hint="It may be self-signed, expired or of another name. Ask whoever runs that server, or use another address.",
        evidence=(
            r"SSL certificate problem",
            r"server certificate verification failed",
            r"certificate[ _]verify[ _]failed",
            r"x509: certificate",
            r"invalid peer certificate",
        ),
        helps=(Help.RELAUNCH, Help.RETRY),
    ),
    Cause(
        code="base-image-unreachable",
        message="The registry of the image that the build starts from cannot be reached.",
        hint=f"Press Retry in a few minutes. {_WAY}",
        evidence=(
            r"failed to do request: (?:Head|Get) \"?https?://\S+/v2/",
            r"failed to fetch (?:anonymous|oauth) token: (?:Get|Post) ",
            r"(?:Get|Head) \"?https?://\S+/v2/\S*: (?:dial tcp|net/http|context deadline exceeded)",
        ),
        stages=BUILDING,
    ),
    Cause(
        code="base-image-missing",
        message="There is no such image as the one that the build starts from, or it is private.",
        hint="Check the name and the tag in the Dockerfile's FROM line.",
        evidence=(
            r"failed to resolve source metadata for",
            r"pull access denied",
            r"manifest for \S+ not found|manifest unknown",
        ),
        stages=BUILDING,
        helps=(Help.RELAUNCH,),
    ),
    Cause(
        code="dns-failed",
        message="A name on the network was not found{more}.",
        hint=f"If the address is right, press Retry in a few minutes. {_WAY}",
        evidence=(
            r"Could not resolve host: (?P<what>[^\s'\")]+)",
            r"Failed to resolve '(?P<what>[^\s']+)'",
            r"Temporary failure resolving '(?P<what>[^\s']+)'",
            r"Temporary failure in name resolution",
            r"Name or service not known",
            r"dial tcp: lookup (?P<what>\S+)",
            r"dns error",
        ),
    ),
    Cause(
        code="mirror-slow",
        message="A server that packages come from was too slow.",
        hint="Press Retry: another try often meets a faster one.",
        evidence=(
            r"Read timed out",
            r"read operation timed out",
            r"Operation too slow",
            r"error decoding response body|Failed to download distribution due to network timeout",
            r"Timeout of \d+ seconds was reached",
        ),
    ),
    Cause(
        code="network",
        message="A server on the network did not answer.",
        hint=f"Press Retry in a few minutes. {_WAY}",
        evidence=(
            r"Retry\(total=0\b",
            r"Network is unreachable",
            r"No route to host",
            r"unable to access index for repository",
        ),
    ),
)

NEAR_THE_END: tuple[Cause, ...] = (
    Cause(
        code="network",
        message="A server on the network did not answer.",
        hint=f"Press Retry in a few minutes. {_WAY}",
        evidence=(
            r"Failed to (?:fetch|download)",
            r"Connection (?:refused|timed out|reset)",
            r"unable to access '",
            r"(?:Could not|Failed to) connect to ",
            r"TLS handshake timeout",
            r"i/o timeout",
            r"error sending request for url",
        ),
    ),
)

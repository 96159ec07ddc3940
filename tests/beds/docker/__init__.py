"""The bed "docker": a Docker Engine of the test's own, and images that need no registry: made of this machine's Debian packages."""

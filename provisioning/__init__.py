"""From a request to a running Binder and back to nothing. Knows clouds and guests, knows no Slack."""

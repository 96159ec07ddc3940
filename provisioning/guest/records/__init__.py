"""Fetching records, archives and contents of Software Heritage: a program of its own, since it reads what strangers send."""

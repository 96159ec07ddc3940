"""The guest agent: what turns an instance into a running Binder, and tells how it goes.

Standard library and the ``openssl`` program only, Python 3.9 and newer. Runs as ``python3 -m guest STATE_DIR`` from the
folder that holds this package. Nothing of the bot may be imported here: this is shipped alone.
"""

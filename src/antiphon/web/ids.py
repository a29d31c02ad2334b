"""Ids of events: UUIDv7, which sort by the time they were made (RFC 9562)."""

import uuid_utils

# What an id looks like that somebody else made.
EVENT_ID = r"^[0-9a-fA-F-]{16,64}$"


def new_event_id() -> str:
    """Return an id that nothing had before."""
    return str(uuid_utils.uuid7())

"""Ids of events: UUIDv7, which sort by the time they were made (RFC 9562)."""

import uuid_utils


def new_event_id() -> str:
    """Return an id that nothing had before."""
    return str(uuid_utils.uuid7())

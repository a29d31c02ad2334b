"""The tokens with which the push process lets a page in; without Flask, which it does not need."""

import secrets

from itsdangerous import BadData, URLSafeTimedSerializer

from antiphon.model import Secret
from antiphon.store import Store
from antiphon.store.schema import SECRETS

VALID_FOR_S = 3600


def signing_secret(store: Store) -> str:
    """Return the key that signs sessions and push tokens; made once, the same for every process."""

    def kept_or_made() -> Secret:
        kept = store.get(SECRETS, "signing")
        if kept is None:
            kept = Secret(id="signing", value=secrets.token_urlsafe(48))
            store.put(SECRETS, kept)
        return kept

    return store.transact(kept_or_made).value


def push_token(user_id: str, secret: str) -> str:
    """Return a token that opens a listener's stream of events for VALID_FOR_S seconds."""
    return str(_signer(secret).dumps(user_id))


def user_of_push_token(token: str, secret: str) -> str | None:
    """Return whom a push token was made for, or None where it is forged or too old."""
    try:
        return str(_signer(secret).loads(token, max_age=VALID_FOR_S))
    except BadData:
        return None


def _signer(secret: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt="push")

"""Antiphon: a self-hosted music streaming service that answers its listener."""

__version__ = "0.1.0"

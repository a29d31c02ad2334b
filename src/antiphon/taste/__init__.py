"""Listens and features become models, and models become ranked answers with their reasons.

Everything here is a pure function of plain values: no store, no clock, no request.

May import: `model`. Not `library` or `audio`, which it never needs, nor anything above.
"""

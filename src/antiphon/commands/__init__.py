"""The commands of `antiphon`, one module for each kind; each is a thin call into a room.

May import: everything but `cli`.
"""

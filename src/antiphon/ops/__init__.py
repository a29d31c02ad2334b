"""Running an instance: accounts, the work in the background, the doctor, metrics.

May import: everything but `web`, `wiring` and `cli`.
"""

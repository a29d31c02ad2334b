"""How good Antiphon's numbers are, by the measures that others publish; never in the running loop.

May import: `model`, `settings`, `store`, `events`, `compute`, `library`, `audio`, `taste`.
"""

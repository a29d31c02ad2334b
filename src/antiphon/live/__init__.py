"""The fast loop: events become listener state, and state becomes fresh answers, within a second.

May import: `model`, `settings`, `store`, `events`, `compute`, `library`, `audio`, `taste`.
"""

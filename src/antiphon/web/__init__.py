"""What listeners and their apps talk to: the Flask application, the push process, the player.

May import: everything but `wiring` and `cli`. Nothing else in Antiphon knows Flask.
"""

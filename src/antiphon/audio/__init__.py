"""Sound to numbers and sound to sound: decode, features, transcode.

May import: model, settings; never library, taste or web. Spark executors import this room, so
librosa, which takes seconds, is loaded by the first extraction and not before.
"""

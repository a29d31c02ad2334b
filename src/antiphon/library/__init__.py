"""Music folders into a catalogue: readers of one file, the scan, artwork, the watch, the demo.

May import: model, settings, store, events, compute; never audio or taste. tinytag reads the tags;
PyAV, which is heavy, is loaded only for the files that tinytag cannot read.
"""

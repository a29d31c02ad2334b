"""An instance under load: its store is prepared, its processes run, its pages listen."""

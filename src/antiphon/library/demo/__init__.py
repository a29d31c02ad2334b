"""The demo library: music composed, played and recorded by code, with artists and listeners.

It gives a newcomer without music a server that is alive on every page, and says plainly that it is
synthetic. `styles` and `names` are data; `compose`, `render` and `encode` make a track of them;
`covers` draws; `folder` writes it all; `listeners` invents who hears it.

May import: `antiphon.model`, NumPy, PyAV and Pillow.
"""

from antiphon.library.demo.folder import write
from antiphon.library.demo.listeners import SimulatedListener, simulate

__all__ = ["SimulatedListener", "simulate", "write"]

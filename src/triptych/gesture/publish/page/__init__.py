"""The preview page: what others see, on this computer's own browser, with a hand on the cover.

Page (page.py)          what the publisher holds: start, show, log, commands, close
hub.py                  what publisher and server share; the only thing both threads touch
server.py, guard.py     the web server on loopback, and who may talk to it
live.py, wire.py        the conversation with one browser, and its words
vocabulary.py           the signs and their icons, as the page lists them
static/                 the page itself: no framework, nothing from elsewhere
"""

from triptych.gesture.publish.page.page import Page

__all__ = ["Page"]

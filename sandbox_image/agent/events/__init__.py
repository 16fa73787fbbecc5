"""One ordered stream of what happens in the project, for any number of clients that come and go."""

from .log import EventLog, Subscription
from .routes import routes

__all__ = ["EventLog", "Subscription", "routes"]

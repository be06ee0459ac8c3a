"""Parts of the system asked directly: endpoints, databases, status pages."""

from tools.live.health.all import LiveHealth

__all__ = ["LiveHealth"]

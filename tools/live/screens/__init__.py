"""Pictures of dashboards and of what users see."""

from tools.live.screens.browser import BrowserScreens

__all__ = ["BrowserScreens"]

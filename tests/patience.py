"""How long tests wait for what has to come."""

#: In seconds. Whatever comes is waited for no longer than it takes, on a machine that is busy too; only what
#: never comes takes so long, and ends before pytest tells where the test hangs (`faulthandler_timeout`).
PATIENCE = 240.0

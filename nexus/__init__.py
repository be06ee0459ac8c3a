"""Nexus: runs the incident runbook with named agents."""

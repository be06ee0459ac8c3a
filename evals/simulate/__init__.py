"""Simulated incidents: a seeded discrete-event simulation of a service graph, written as recorded incidents.

What breaks is a mechanism (service time, capacity, loss, retry, clock, data); metrics, logs and traces come
out of it. It knows the recording format and nothing of how causes are found: the import contracts hold that.
"""

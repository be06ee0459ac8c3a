"""The shop on a stand-in for Kubernetes: a part of its API, controllers, and a kubelet that runs the shop.

It is no Kubernetes: written from what was seen of real API servers and controllers, it has one namespace,
Deployments, ReplicaSets, autoscalers, pods and events, no scheduler, no admission and no access control.
Pods are the shop's own processes.
"""

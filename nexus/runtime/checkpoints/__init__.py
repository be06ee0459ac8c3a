"""LangGraph's checkpoints: savers, the fence over them, pruning.

The incident's row is the truth; a thread of checkpoints only says where in the graph its next turn goes on.
So a thread may be dropped at any time: the next turn starts at START, from the row.
"""

"""Executions in a layout of Podium's own: a partition for each workflow, and one conditional batch for each write."""

"""Microsoft Graph: `engine` does what all workloads share, each other package is one workload; `catalogue` lists them.

Nothing is imported here, so that a tenant can hold a workload's state without loading its routes.
"""

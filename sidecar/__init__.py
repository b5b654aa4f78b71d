"""Leader discovery beside each Postgres: publishes who is primary, and nothing else.

Belongs here: code that runs on the standard library and ``prometheus_client`` alone, in its own
slim image.

Does not belong here: any import of another room, any third-party package but that one.
"""

"""What runs where and how many: Ray Serve deployments, dispatch, autoscaling.

Belongs here: the orchestrator, the wrappers that turn agents into deployments, the bound graph,
scaling policies, and the place where an agent's collaborators are built inside a replica.

Does not belong here: HTTP routes (``serve_app``), what an agent does with a lead (``actors``),
SQL (``postgres``), how a lead gets its number (``scoring``).
"""

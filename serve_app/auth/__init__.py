"""Who is calling: API keys and tokens, checked before anything of a request is read.

Belongs here: what finds the caller of a request, and the settings of that. Does not: what a route
needs of its caller (``serve_app/routes/call.py``), and how keys are stored (``postgres``).
"""

"""HTTP under ``/v1``, one resource a file; health stands beside it.

Belongs here: reading a request, calling a port, saying the answer. Must not come here: rules
about leads and tasks, SQL, knowledge of Ray.
"""

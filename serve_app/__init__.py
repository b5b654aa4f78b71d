"""The product's two doors: HTTP under ``/v1`` and the command line ``gardenos``.

Belongs here: the application builder, one file per HTTP resource, problems, settings (the only
reader of the environment), embedded defaults, commands.

Does not belong here: rules about leads or tasks, SQL, model calls; this room composes, the rooms
below decide.
"""

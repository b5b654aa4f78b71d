"""The commands of ``gardenos``, one a file.

Belongs here: options, calls through HTTP or of this room's start-up code, tables for the terminal.
Must not come here: rules, SQL.
"""

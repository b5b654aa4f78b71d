"""How a follow-up is written without a model, and how every draft is checked.

Belongs here: the facts a draft may use, the templates and their writer, the checks of a finished
text, SMS segments, quiet hours. Pure, apart from loading its own template files.

Does not belong here: asking a model (``actors.follow_up``), sending, storing.
"""

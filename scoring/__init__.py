"""How a lead gets its number: gates, features, scorecard, additive model, reasons, next action.

Belongs here: pure functions over the nouns of ``domain`` and the documented tables they read.

Does not belong here: network, files outside the package, clocks, randomness, Ray; a model's opinion
never enters the score.
"""

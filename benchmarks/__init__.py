"""One file per goal; each measures it, peers in the same run, and prints one JSON line.

Belongs here: ``python -m benchmarks.<goal>``, started by ``make bench``.

Does not belong here: anything a room needs to run; assertions about behaviour (``tests``).
"""

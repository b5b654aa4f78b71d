"""Scoring in bulk: reads files of leads, submits them to the service, writes what comes back.

Belongs here: readers and writers of CSV, JSONL and Parquet, the guess which column is which field,
the submitter, rejects, progress and summary.

Does not belong here: the command line (``serve_app``), SQL, how a lead gets its number
(``scoring``).
"""

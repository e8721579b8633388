"""Amazon's services by boto3: clients, errors, waiting, and one module for each service.

What belongs here: calls, and their answers as small dataclasses. What does not: Dagster, settings
(callers pass values), and what the tables mean. Nothing here is called before it is needed, and
nothing is read at import.
"""

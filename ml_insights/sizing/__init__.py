"""How much machine a day needs and what it costs: measured figures, prices, plans, Spark settings.

What belongs here: arithmetic on two data files, `measured.yaml` (what this project's own benchmark
found) and `prices.yaml` (which users replace). What does not: AWS calls and Dagster.
"""

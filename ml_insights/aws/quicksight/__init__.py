"""The business team's view in QuickSight: data sets from published tables, and one dashboard.

What belongs here, in three layers that import downwards: descriptions without AWS (`shown_tables`:
which tables and columns; `fields`, `visuals`, `controls`, `sheets`, `definition`: the dashboard),
the account and its names (`account`), and the calls that make the account look as described
(`data_source`, `data_set`, `ingestion`, `dashboard`, `readers`, `grants`, `manifest`). What does
not: Dagster, reading the lake, and what the numbers mean.
"""

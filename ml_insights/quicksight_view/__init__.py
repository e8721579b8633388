"""An endpoint's published tables as the business team sees them in QuickSight.

What belongs here: bringing lake, settings and `aws` together: which rows go into which data set
(`data_sets`, `csv_files`), and the dashboard with its readers (`dashboard`). What does not: calls
of AWS (`ml_insights.aws`), Dagster (`ml_insights.assets`).
"""

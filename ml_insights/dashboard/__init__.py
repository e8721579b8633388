"""What the business sees: charts, the self-contained page, the small picture for the Dagster UI.

What belongs here: declarative chart specifications (`charts`), the words that explain the numbers
(`wording`, `tiles`), the page that holds both (`page`, `page_data`, and the template, style and
scripts beside them) and the reduced picture (`picture`). What does not: computing a number
(`ml_insights.metrics`), reading tables or writing files (`ml_insights.lake`), Dagster.

Everything here makes text from Arrow tables that have the columns of `ml_insights.contracts` and
the partition's day as `dt`. A NULL there is shown as "not defined" with its reason.
"""

"""What people decide from: comparisons, money, calibration and drift, windows, insights in words.

Each module turns counts of curves into rows of one or two tables: counts in, Arrow out.

| module | tables |
| --- | --- |
| `comparison_tables`, `money_tables`, `tables` | the contracts of all of them |
| `windows`, `rollups` | counts of several days, added up; model_quality_7_days, .._28_days |
| `comparisons` | variant_comparison |
| `traffic` | whether it was split as configured |
| `money` | business_value |
| `choices` | threshold_choice |
| `health` | model_health, calibration_curve |
| `insights` | insights |
| `regressions` | what the gates look at |
"""

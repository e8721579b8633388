"""insights: what is worth reading on a day, in words, most important first.

| module | what it finds worth a sentence |
| --- | --- |
| `table` | the rows: which findings there are, their order, which are known |
| `words` | a finding, and how rows are named and their numbers said |
| `earlier` | what the days before say about a day |
| `changes` | changes against the days before, shares of positives that moved |
| `ways_back` | changes that are only the way back from a change before |
| `variants` | variants against each other, traffic that was not split as configured |
| `health` | calibration, drift, labels that are no random sample |
| `money` | thresholds that would be worth more |
| `states` | what lasts for days, and since when it is known |

Every sentence stands on an interval or a test that the tables already hold, adjusted for how many
there are; noise makes no sentence.
"""

"""insights: what is worth reading on a day, in words, most important first.

| module | what it finds worth a sentence |
| --- | --- |
| `table` | the rows: which findings there are, their order, how many are kept |
| `words` | a finding, and how rows are named and their numbers said |
| `quality` | changes, variants, traffic that was not split as configured |
| `health` | calibration, drift, labels that are no random sample |
| `money` | thresholds that would be worth more |

Every sentence stands on an interval or a test that the tables already hold, adjusted for how many
there are; noise makes no sentence.
"""

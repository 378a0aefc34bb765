"""Every way an answer reaches somebody: the service, the scored table, the report and the summary.

All of them call `scorer`, so a number is the same wherever it is read.
"""

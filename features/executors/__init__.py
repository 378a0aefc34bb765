"""How definitions become numbers: from arrays in memory, by a database or cluster, or for one customer's raw events."""

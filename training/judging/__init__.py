"""How good a model is on the judged date: figures, how sure they are, and who is ahead of whom."""

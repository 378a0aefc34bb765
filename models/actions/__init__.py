"""What to do: actions, what they gain, the plan within a budget, and what finished campaigns brought."""

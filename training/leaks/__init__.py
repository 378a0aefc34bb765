"""What knows the answer: columns and rows that no honest feature, and no honest table, can have."""

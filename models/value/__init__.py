"""What customers are worth and where they stand: value, equity, score, tiers, life stages, quadrants, migration."""

"""What past campaigns teach: trials, whether they were drawn by chance, uplift, and what they brought in money."""

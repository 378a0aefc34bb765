"""Numbers and reasons for everybody: the scorer that all ways of answering share, and the scored table."""

"""What answers now: the watch over champions, what is made for the champions of now, cards and the prediction log."""

"""The retention desk: the work list, a customer's page, and what people mark on it, in a browser."""

"""Answers to requests: the typed questions and answers, and what gives them, from ids, rows and raw events."""

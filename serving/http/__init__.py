"""Answers over HTTP: who may ask, how much at once, one shape of errors, and a description of it all."""

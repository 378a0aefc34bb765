"""What if something happened: asked of the models, said in words, and the smallest change that is enough."""

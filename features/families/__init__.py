"""The families of features, one file each: a feature is a line in one of them."""

"""What a model sees in a picture: its answers, where it looks, and the pictures that a page is browsed with."""

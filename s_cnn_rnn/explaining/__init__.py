"""What if, and why: concepts switched, contributions of concepts, maps over places."""

"""Training on analog arrays: algorithms, arrays that are read both ways and pulsed, and the trainer."""

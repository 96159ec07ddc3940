"""What lands on an instance. Nothing of a person's text is ever spliced into these files."""

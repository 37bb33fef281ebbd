"""What may be shown of a school, so that no teacher's answer can be told from it."""

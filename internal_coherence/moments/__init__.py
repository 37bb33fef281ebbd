"""The waist of the hourglass: sufficient statistics."""

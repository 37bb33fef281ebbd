"""What may be done with an order: the earliest weak stage, schools laid along the stages, movement between waves."""

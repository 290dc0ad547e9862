"""What a question asks: the kind of thing, whom and when it names, and what it means in its conversation."""

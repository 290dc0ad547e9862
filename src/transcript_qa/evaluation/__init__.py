"""Questions with known answers, asked and measured."""

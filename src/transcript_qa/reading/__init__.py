"""Reading the passages found: which sentences answer a question, and whether any does."""

"""Whether words and statements stand in the transcripts: quotations, attributions, whole articles."""

"""The transcripts as retrievers of other libraries; each module needs the library it is named after."""

"""How much the server takes and does at a time, for the pages and the API alike."""

MAX_QUESTION_CHARS = 2000
MAX_FILES = 20
MAX_FILE_BYTES = 20 * 1024 * 1024
MAX_BODY_BYTES = 100 * 1024 * 1024
# The chat has as many places as the API, each its own.
ANSWERS_AT_ONCE = 4
WAITING_PLACES = 64

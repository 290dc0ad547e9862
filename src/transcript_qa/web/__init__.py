"""The web chat. Importing it keeps Gradio from calling home, and model loading from drawing bars into the log.

Gradio reads the first setting when it is imported, huggingface_hub the others; both are imported after this module.
"""

from __future__ import annotations

import os

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"

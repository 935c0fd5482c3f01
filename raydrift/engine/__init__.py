"""The only home of Ray: sessions, plans, stages, the pipeline and its progress.

``RAY_ENABLE_UV_RUN_RUNTIME_ENV`` has to be set before Ray is first imported, so it is set here: a
driver under ``uv run`` would else make every worker process call ``uv run`` again.
"""

import os

os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")

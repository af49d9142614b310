"""The year's end: what its mails and its queue need."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Nothing yet."""

"""How the schema grew, one file a step; run by Alembic at every start."""

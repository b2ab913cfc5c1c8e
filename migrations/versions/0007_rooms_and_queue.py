"""Rooms and the queue: why a request is where it is, what it carries, who is on duty."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "officer_presence",
        sa.Column("officer_id", sa.String(length=26), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_officer_presence_officer_id")),
        sa.PrimaryKeyConstraint("officer_id", name=op.f("pk_officer_presence")),
    )
    with op.batch_alter_table("officer_presence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_officer_presence_seen_at"), ["seen_at"], unique=False)

    with op.batch_alter_table("handover", schema=None) as batch_op:
        batch_op.add_column(sa.Column("routed_why", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("summary", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index("ix_handover_served", ["room", "resolved_at"], unique=False)
        batch_op.create_index(
            "ix_handover_waiting",
            ["room", "requested_at"],
            unique=False,
            sqlite_where=sa.text("claimed_at IS NULL AND resolved_at IS NULL"),
            postgresql_where=sa.text("claimed_at IS NULL AND resolved_at IS NULL"),
        )

    with op.batch_alter_table("officer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("speaks", sa.String(length=64), nullable=True))

    # A request of no room was everybody's; now the hub has what no room has.
    op.execute("UPDATE handover SET room = 'hub' WHERE room IS NULL")


def downgrade() -> None:
    with op.batch_alter_table("officer", schema=None) as batch_op:
        batch_op.drop_column("speaks")

    with op.batch_alter_table("handover", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_handover_waiting",
            sqlite_where=sa.text("claimed_at IS NULL AND resolved_at IS NULL"),
            postgresql_where=sa.text("claimed_at IS NULL AND resolved_at IS NULL"),
        )
        batch_op.drop_index("ix_handover_served")
        batch_op.drop_column("returned_at")
        batch_op.drop_column("summary")
        batch_op.drop_column("routed_why")

    with op.batch_alter_table("officer_presence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_officer_presence_seen_at"))

    op.drop_table("officer_presence")

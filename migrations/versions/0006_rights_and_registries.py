"""Drafts, other registries, what contacts may ask about their data, and work that is due."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("contact_id", sa.String(length=26), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
    )
    with op.batch_alter_table("erasure", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_erasure_contact_id"), ["contact_id"], unique=False)
        batch_op.create_index(
            "ux_erasure_waiting",
            ["contact_id"],
            unique=True,
            sqlite_where=sa.text("cancelled_at IS NULL AND erased_at IS NULL"),
            postgresql_where=sa.text("cancelled_at IS NULL AND erased_at IS NULL"),
        )
    op.create_table(
        "grievance_registry_mark",
        sa.Column("registry", sa.String(length=8), nullable=False),
        sa.Column("pulled_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pulled_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("registry", name=op.f("pk_grievance_registry_mark")),
    )
    op.create_table(
        "erased_address",
        sa.Column("digest", sa.LargeBinary(length=16), nullable=False),
        sa.Column("erasure_id", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasure.id"], name=op.f("fk_erased_address_erasure_id")),
        sa.PrimaryKeyConstraint("digest", "erasure_id", name=op.f("pk_erased_address")),
    )
    with op.batch_alter_table("erased_address", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_erased_address_erasure_id"), ["erasure_id"], unique=False)
    op.create_table(
        "export_link",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("token_index", sa.LargeBinary(length=16), nullable=False),
        sa.Column("contact_id", sa.String(length=26), nullable=False),
        sa.Column("turn_id", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_export_link_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_link")),
        sa.UniqueConstraint("token_index", name=op.f("uq_export_link_token_index")),
        sa.UniqueConstraint("turn_id", name=op.f("uq_export_link_turn_id")),
    )
    with op.batch_alter_table("export_link", schema=None) as batch_op:
        batch_op.create_index("ix_export_link_contact", ["contact_id", "made_at"], unique=False)
    op.create_table(
        "grievance_proof_try",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("contact_id", sa.String(length=26), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_grievance_proof_try_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grievance_proof_try")),
    )
    with op.batch_alter_table("grievance_proof_try", schema=None) as batch_op:
        batch_op.create_index("ix_grievance_proof_try_contact", ["contact_id", "tried_at"], unique=False)
    op.create_table(
        "grievance_draft",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("contact_id", sa.String(length=26), nullable=False),
        sa.Column("conversation_id", sa.String(length=26), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("asked", sa.String(length=24), nullable=True),
        sa.Column("last_turn_id", sa.String(length=64), nullable=True),
        sa.Column("last_reply", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_grievance_draft_contact_id")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_grievance_draft_conversation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grievance_draft")),
        sa.UniqueConstraint("contact_id", "kind", name=op.f("uq_grievance_draft_contact_id_kind")),
    )
    with op.batch_alter_table("grievance_draft", schema=None) as batch_op:
        batch_op.create_index("ix_grievance_draft_updated_at", ["updated_at"], unique=False)
    op.create_table(
        "grievance_external",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("grievance_id", sa.String(length=26), nullable=True),
        sa.Column("registry", sa.String(length=8), nullable=False),
        sa.Column("origin", sa.String(length=6), nullable=False),
        sa.Column("client_reference", sa.String(length=40), nullable=True),
        sa.Column("number", sa.String(length=64), nullable=True),
        sa.Column("last_status", sa.String(length=16), nullable=True),
        sa.Column("status_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status_read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remarks", sa.LargeBinary(), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sending_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_code", sa.String(length=40), nullable=True),
        sa.Column("error_fields", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["grievance_id"], ["grievance.id"], name=op.f("fk_grievance_external_grievance_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grievance_external")),
        sa.UniqueConstraint("grievance_id", "registry", name=op.f("uq_grievance_external_grievance_id_registry")),
        sa.UniqueConstraint(
            "registry", "client_reference", name=op.f("uq_grievance_external_registry_client_reference")
        ),
        sa.UniqueConstraint("registry", "number", name=op.f("uq_grievance_external_registry_number")),
    )
    with op.batch_alter_table("grievance_external", schema=None) as batch_op:
        batch_op.create_index(
            "ix_grievance_external_next",
            ["next_attempt_at"],
            unique=False,
            sqlite_where=sa.text("next_attempt_at IS NOT NULL"),
            postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_grievance_external_trouble",
            ["updated_at"],
            unique=False,
            sqlite_where=sa.text("state IN ('failed', 'uncertain')"),
            postgresql_where=sa.text("state IN ('failed', 'uncertain')"),
        )
    op.create_table(
        "grievance_external_closing",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("external_id", sa.String(length=26), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sending_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_code", sa.String(length=40), nullable=True),
        sa.Column("error_fields", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["external_id"], ["grievance_external.id"], name=op.f("fk_grievance_external_closing_external_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grievance_external_closing")),
        sa.UniqueConstraint(
            "external_id", "closed_at", name=op.f("uq_grievance_external_closing_external_id_closed_at")
        ),
    )
    with op.batch_alter_table("grievance_external_closing", schema=None) as batch_op:
        batch_op.create_index(
            "ix_grievance_external_closing_next",
            ["next_attempt_at"],
            unique=False,
            sqlite_where=sa.text("next_attempt_at IS NOT NULL"),
            postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
        )
    with op.batch_alter_table("due", schema=None) as batch_op:
        batch_op.create_unique_constraint(batch_op.f("uq_due_subject_id_what_due_at"), ["subject_id", "what", "due_at"])


def downgrade() -> None:
    with op.batch_alter_table("due", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_due_subject_id_what_due_at"), type_="unique")
    with op.batch_alter_table("grievance_external_closing", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_grievance_external_closing_next",
            sqlite_where=sa.text("next_attempt_at IS NOT NULL"),
            postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
        )
    op.drop_table("grievance_external_closing")
    with op.batch_alter_table("grievance_external", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_grievance_external_trouble",
            sqlite_where=sa.text("state IN ('failed', 'uncertain')"),
            postgresql_where=sa.text("state IN ('failed', 'uncertain')"),
        )
        batch_op.drop_index(
            "ix_grievance_external_next",
            sqlite_where=sa.text("next_attempt_at IS NOT NULL"),
            postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
        )
    op.drop_table("grievance_external")
    with op.batch_alter_table("grievance_draft", schema=None) as batch_op:
        batch_op.drop_index("ix_grievance_draft_updated_at")
    op.drop_table("grievance_draft")
    with op.batch_alter_table("grievance_proof_try", schema=None) as batch_op:
        batch_op.drop_index("ix_grievance_proof_try_contact")
    op.drop_table("grievance_proof_try")
    with op.batch_alter_table("export_link", schema=None) as batch_op:
        batch_op.drop_index("ix_export_link_contact")
    op.drop_table("export_link")
    with op.batch_alter_table("erased_address", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_erased_address_erasure_id"))
    op.drop_table("erased_address")
    op.drop_table("grievance_registry_mark")
    with op.batch_alter_table("erasure", schema=None) as batch_op:
        batch_op.drop_index(
            "ux_erasure_waiting",
            sqlite_where=sa.text("cancelled_at IS NULL AND erased_at IS NULL"),
            postgresql_where=sa.text("cancelled_at IS NULL AND erased_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_erasure_contact_id"))
    op.drop_table("erasure")

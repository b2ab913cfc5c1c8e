"""Grievances: what happened, what follows from it, and how it is found."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "grievance_proof",
        sa.Column("reference", sa.String(length=11), nullable=False),
        sa.Column("wrong", sa.SmallInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_grievance_proof")),
    )
    with op.batch_alter_table("grievance_proof", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_grievance_proof_since"), ["since"], unique=False)
    op.create_table(
        "grievance",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("reference", sa.String(length=11), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("room", sa.String(length=64), nullable=False),
        sa.Column("owed_room", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=2), nullable=True),
        sa.Column("contact_id", sa.String(length=26), nullable=False),
        sa.Column("conversation_id", sa.String(length=26), nullable=True),
        sa.Column("address_id", sa.String(length=26), nullable=True),
        sa.Column("turn_id", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clock_started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attend_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("conclude_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("interim_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("interim_until", sa.Date(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("feedback", sa.SmallInteger(), nullable=True),
        sa.Column("feedback_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("appeal_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopened", sa.SmallInteger(), nullable=False),
        sa.Column("follows", sa.String(length=26), nullable=True),
        sa.Column("merged_into", sa.String(length=26), nullable=True),
        sa.Column("cpgrams_number", sa.String(length=64), nullable=True),
        sa.Column("odr_number", sa.String(length=64), nullable=True),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("code_index", sa.LargeBinary(length=16), nullable=False),
        sa.Column("udyam_index", sa.LargeBinary(length=16), nullable=True),
        sa.Column("against_index", sa.LargeBinary(length=16), nullable=True),
        sa.Column("district_index", sa.LargeBinary(length=16), nullable=True),
        sa.Column("particulars", sa.LargeBinary(), nullable=True),
        sa.Column("place", sa.LargeBinary(), nullable=True),
        sa.Column("closing_reasons", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name=op.f("fk_grievance_address_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_grievance_contact_id")),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], name=op.f("fk_grievance_conversation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grievance")),
        sa.UniqueConstraint("reference", name=op.f("uq_grievance_reference")),
        sa.UniqueConstraint("turn_id", "position", name=op.f("uq_grievance_turn_id_position")),
    )
    with op.batch_alter_table("grievance", schema=None) as batch_op:
        batch_op.create_index(
            "ix_grievance_against",
            ["against_index", "filed_at"],
            unique=False,
            sqlite_where=sa.text("against_index IS NOT NULL"),
            postgresql_where=sa.text("against_index IS NOT NULL"),
        )
        batch_op.create_index("ix_grievance_contact", ["contact_id", "filed_at"], unique=False)
        batch_op.create_index(
            "ix_grievance_standing",
            ["status", "level", "due_at"],
            unique=False,
            sqlite_where=sa.text("status != ''"),
            postgresql_where=sa.text("status != ''"),
        )
        batch_op.create_index(
            "ix_grievance_cpgrams",
            ["cpgrams_number"],
            unique=False,
            sqlite_where=sa.text("cpgrams_number IS NOT NULL"),
            postgresql_where=sa.text("cpgrams_number IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_grievance_due", ["due_at", "id", "room", "status", "level", "category", "state"], unique=False
        )
        batch_op.create_index(
            "ix_grievance_filed", ["filed_at", "id", "room", "status", "level", "category", "state"], unique=False
        )
        batch_op.create_index(
            "ix_grievance_room_due", ["room", "due_at", "id", "status", "level", "category", "state"], unique=False
        )
        batch_op.create_index(
            "ix_grievance_room_filed", ["room", "filed_at", "id", "status", "level", "category", "state"], unique=False
        )
        batch_op.create_index("ix_grievance_similar_district", ["category", "district_index", "filed_at"], unique=False)
        batch_op.create_index("ix_grievance_similar_state", ["category", "state", "filed_at"], unique=False)
        batch_op.create_index(
            "ix_grievance_udyam",
            ["udyam_index", "filed_at"],
            unique=False,
            sqlite_where=sa.text("udyam_index IS NOT NULL"),
            postgresql_where=sa.text("udyam_index IS NOT NULL"),
        )
    op.create_table(
        "grievance_event",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("grievance_id", sa.String(length=26), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=8), nullable=False),
        sa.Column("officer_id", sa.String(length=26), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("from_status", sa.String(length=10), nullable=True),
        sa.Column("to_status", sa.String(length=10), nullable=False),
        sa.Column("turn_id", sa.String(length=64), nullable=True),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=True),
        sa.Column("detail_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("previous_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["grievance_id"], ["grievance.id"], name=op.f("fk_grievance_event_grievance_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_grievance_event")),
        sa.UniqueConstraint("grievance_id", "seq", name=op.f("uq_grievance_event_grievance_id_seq")),
    )
    with op.batch_alter_table("grievance_event", schema=None) as batch_op:
        batch_op.create_index(
            "ux_grievance_event_turn",
            ["grievance_id", "kind", "turn_id"],
            unique=True,
            sqlite_where=sa.text("turn_id IS NOT NULL"),
            postgresql_where=sa.text("turn_id IS NOT NULL"),
        )
    op.create_table(
        "grievance_link",
        sa.Column("first_id", sa.String(length=26), nullable=False),
        sa.Column("second_id", sa.String(length=26), nullable=False),
        sa.Column("decision", sa.String(length=10), nullable=False),
        sa.Column("officer_id", sa.String(length=26), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["first_id"], ["grievance.id"], name=op.f("fk_grievance_link_first_id")),
        sa.ForeignKeyConstraint(["second_id"], ["grievance.id"], name=op.f("fk_grievance_link_second_id")),
        sa.PrimaryKeyConstraint("first_id", "second_id", name=op.f("pk_grievance_link")),
    )
    with op.batch_alter_table("grievance_link", schema=None) as batch_op:
        batch_op.create_index("ix_grievance_link_second", ["second_id"], unique=False)
    op.create_table(
        "grievance_message",
        sa.Column("grievance_id", sa.String(length=26), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("notice", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=26), nullable=True),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["grievance_id"], ["grievance.id"], name=op.f("fk_grievance_message_grievance_id")),
        sa.PrimaryKeyConstraint("grievance_id", "seq", "notice", name=op.f("pk_grievance_message")),
    )
    op.create_table(
        "grievance_term",
        sa.Column("term", sa.LargeBinary(length=16), nullable=False),
        sa.Column("grievance_id", sa.String(length=26), nullable=False),
        sa.Column("field", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["grievance_id"], ["grievance.id"], name=op.f("fk_grievance_term_grievance_id")),
        sa.PrimaryKeyConstraint("term", "grievance_id", "field", name=op.f("pk_grievance_term")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("grievance_term", schema=None) as batch_op:
        batch_op.create_index("ix_grievance_term_owner", ["grievance_id"], unique=False)
    op.create_table(
        "grievance_vector",
        sa.Column("grievance_id", sa.String(length=26), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["grievance_id"], ["grievance.id"], name=op.f("fk_grievance_vector_grievance_id")),
        sa.PrimaryKeyConstraint("grievance_id", name=op.f("pk_grievance_vector")),
    )
    op.create_table(
        "grievance_attachment",
        sa.Column("grievance_id", sa.String(length=26), nullable=False),
        sa.Column("media_id", sa.String(length=26), nullable=False),
        sa.Column("content_type", sa.String(length=127), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("added_by", sa.String(length=8), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["grievance_id"], ["grievance.id"], name=op.f("fk_grievance_attachment_grievance_id")),
        sa.ForeignKeyConstraint(["media_id"], ["media.id"], name=op.f("fk_grievance_attachment_media_id")),
        sa.PrimaryKeyConstraint("grievance_id", "media_id", name=op.f("pk_grievance_attachment")),
    )


def downgrade() -> None:
    op.drop_table("grievance_attachment")
    op.drop_table("grievance_vector")
    with op.batch_alter_table("grievance_term", schema=None) as batch_op:
        batch_op.drop_index("ix_grievance_term_owner")
    op.drop_table("grievance_term")
    op.drop_table("grievance_message")
    with op.batch_alter_table("grievance_link", schema=None) as batch_op:
        batch_op.drop_index("ix_grievance_link_second")
    op.drop_table("grievance_link")
    with op.batch_alter_table("grievance_event", schema=None) as batch_op:
        batch_op.drop_index(
            "ux_grievance_event_turn",
            sqlite_where=sa.text("turn_id IS NOT NULL"),
            postgresql_where=sa.text("turn_id IS NOT NULL"),
        )
    op.drop_table("grievance_event")
    with op.batch_alter_table("grievance", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_grievance_udyam",
            sqlite_where=sa.text("udyam_index IS NOT NULL"),
            postgresql_where=sa.text("udyam_index IS NOT NULL"),
        )
        batch_op.drop_index("ix_grievance_similar_state")
        batch_op.drop_index("ix_grievance_similar_district")
        batch_op.drop_index("ix_grievance_room_filed")
        batch_op.drop_index("ix_grievance_room_due")
        batch_op.drop_index("ix_grievance_filed")
        batch_op.drop_index("ix_grievance_due")
        batch_op.drop_index(
            "ix_grievance_cpgrams",
            sqlite_where=sa.text("cpgrams_number IS NOT NULL"),
            postgresql_where=sa.text("cpgrams_number IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_grievance_standing",
            sqlite_where=sa.text("status != ''"),
            postgresql_where=sa.text("status != ''"),
        )
        batch_op.drop_index("ix_grievance_contact")
        batch_op.drop_index(
            "ix_grievance_against",
            sqlite_where=sa.text("against_index IS NOT NULL"),
            postgresql_where=sa.text("against_index IS NOT NULL"),
        )
    op.drop_table("grievance")
    with op.batch_alter_table("grievance_proof", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_grievance_proof_since"))
    op.drop_table("grievance_proof")

"""Settings of the knowledge process (environment prefix KNOWLEDGE_)."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PACKAGE = Path(__file__).resolve().parent


class KnowledgeSettings(BaseSettings):
    """Where the process listens, what it reads and which model embeds."""

    model_config = SettingsConfigDict(env_prefix="KNOWLEDGE_", env_file=".env", extra="ignore", frozen=True)

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8100, ge=1, le=65535, description="Port to listen on.")
    corpus_dir: Path = Field(default=PACKAGE / "corpus", description="Folder with <language>/<scheme>.md.")
    index_dir: Path = Field(default=PACKAGE.parent / "var" / "index", description="Folder of built indexes.")
    embedder: str = Field(
        default="bundled", description="'bundled', or the name or folder of a SentenceTransformer model."
    )
    workers: int = Field(default=2, ge=1, le=32, description="Questions that are embedded at the same time.")
    max_waiting: int = Field(default=64, ge=1, description="Questions that may wait before 503 is answered.")
    watch_seconds: float = Field(
        default=2.0, ge=0, description="How often the corpus is checked for edits; 0 switches it off."
    )

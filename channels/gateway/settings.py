"""Settings of the gateway."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class GatewaySettings(BaseSettings):
    """Addresses, patience and limits; read from the environment with the prefix ``GATEWAY_``."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    webhook_port: int = Field(default=8081, ge=1, le=65535, description="Port of the webhooks' own process")
    executor_id: str = Field(default="gateway-1", description="Name of this copy; each copy needs its own")
    bot_url: str = "http://127.0.0.1:5005"
    bot_token: SecretStr
    bot_timeout: float = Field(default=8.0, gt=0, description="Seconds to wait for one answer of the assistant")
    bot_patience: float = Field(default=25.0, gt=0, description="Seconds in which asking is tried again")
    join_wait: float = Field(default=0.3, ge=0, le=5, description="Seconds an idle lane waits for more text")
    late_after: float = Field(default=900, gt=0, description="Age in seconds at which an answer begins with an apology")
    queue_cap: int = Field(default=40, ge=1, description="Most unanswered messages of one address")
    polling: float = Field(default=0.05, ge=0.01, le=1, description="Seconds between looks at the durable queue")
    workers: int = Field(default=24, ge=1, description="Most turns at once in this process")
    sweep_every: float = Field(default=2.0, gt=0, description="Seconds between sweeps")
    unanswered_after: float = Field(default=60.0, gt=0, description="Age in seconds at which the sweep starts a turn")
    lane_patience: float = Field(default=60.0, gt=0, description="Seconds one message may hold up its lane")
    give_up_after: float = Field(default=900.0, gt=0, description="Seconds after which sending is given up")
    wait_for_contact: float = Field(
        default=14.0, gt=0, description="Days for which a text waits for a contact who must write before it may be sent"
    )
    takeover_after: float = Field(default=15.0, gt=0, description="Silence in seconds after which work is taken over")
    reconcile_every: float = Field(default=300.0, gt=0, description="Seconds between comparisons with the provider")
    reconcile_window: float = Field(default=86400.0, gt=0, description="How far back a comparison looks, in seconds")
    send_rate: float = Field(default=60.0, gt=0, description="Most messages a second to a provider")
    send_burst: int = Field(default=60, ge=1, description="How many may go at once after a pause")
    contact_rate: float = Field(default=1 / 6, gt=0, description="Most messages a second to one contact, sustained")
    contact_burst: int = Field(default=45, ge=1, description="How many may go to one contact at once after a pause")
    least_free: float = Field(
        default=100, ge=0, description="Megabytes that must be free on the disk for /ready to say so"
    )
    crash_at: str = Field(default="", description="A crash point to arm; only in the test profile")

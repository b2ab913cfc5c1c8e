"""What the gateway counts and times for Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.35, 0.5, 1, 2, 5, 10, 30)

ACCEPTED = Counter("sahayak_inbound_total", "Messages taken in", ["channel", "outcome"])
TURNS = Counter("sahayak_turns_total", "Turns by outcome", ["outcome"])
TURN_SECONDS = Histogram("sahayak_turn_seconds", "From storing a message to posting its answer", buckets=_SECONDS)
DELIVERIES = Counter("sahayak_deliveries_total", "Outbound messages by the state they reached", ["channel", "state"])
SEND_SECONDS = Histogram("sahayak_send_seconds", "The provider's own time to accept a message", buckets=_SECONDS)
UNCERTAIN = Gauge("sahayak_uncertain", "Messages of which nobody knows whether they were sent")
DEAD = Gauge("sahayak_dead_letters", "Turns that were given up")
LAST_WEBHOOK = Gauge("sahayak_last_webhook_timestamp", "When a provider's webhook was last accepted", ["channel"])

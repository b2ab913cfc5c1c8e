"""`python -m bot serve`: Rasa with our channel, on the loopback interface only."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before anything loads the embedding
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["RASA_TELEMETRY_ENABLED"] = "false"

import argparse
import sys
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DEFAULTS = {
    "BOT_PORT": "5005",
    "BOT_MODEL": "var/models/sahayak.tar.gz",
    "BOT_TRACKER_URL": "sqlite:///var/rasa.db",
    "BOT_ACTIONS_URL": "http://127.0.0.1:5055/webhook",
    "BOT_LOG_LEVEL": "INFO",
}


def serve() -> None:
    """Start the assistant; needs BOT_TOKEN, everything else has a default."""
    os.chdir(ROOT)  # Rasa imports `bot.*` from the working directory
    sys.path.insert(0, str(ROOT))
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    if not os.environ.get("BOT_TOKEN"):
        sys.exit("BOT_TOKEN is not set: the assistant answers only to the gateway that knows it.")
    if not Path(os.environ["BOT_MODEL"]).exists():
        sys.exit(f"No model at {os.environ['BOT_MODEL']}: train it first (rasa train).")

    warnings.simplefilter("ignore", DeprecationWarning)  # of Rasa's own, older dependencies
    os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
    from bot import logs, runner

    logs.configure(os.environ["BOT_LOG_LEVEL"])
    runner.install()
    import rasa

    # Not Rasa's command line: that replaces the logging, and its debug switch would log messages.
    rasa.run(
        model=os.environ["BOT_MODEL"],
        endpoints="endpoints.yml",
        credentials="credentials.yml",
        interface="127.0.0.1",
        port=int(os.environ["BOT_PORT"]),
    )


def run() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bot", description=__doc__)
    parser.add_argument("command", choices=["serve"])
    parser.parse_args()
    serve()


if __name__ == "__main__":
    run()

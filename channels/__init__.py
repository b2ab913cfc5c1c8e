"""The ways in and out: a folder per channel, and the gateway that runs turns and delivers."""

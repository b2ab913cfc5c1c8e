"""The launcher of `make run`: prepares, starts and watches every process, shows them on a status page."""

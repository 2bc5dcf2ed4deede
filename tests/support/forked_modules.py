"""Import what a process of the gate imports, so that each need not do it; see `forked`."""

import gc

from gate.cli.service.interpreter import start_quickly

start_quickly()

import gate.bootstrap.service  # noqa: E402 - the collector leaves these modules alone
import gate.bootstrap.web  # noqa: E402
import gate.cli.service.settings  # noqa: E402
import gate.doctor.database  # noqa: E402
import gate.store.engine.migrations.migrate  # noqa: E402
import gate.web.door.server  # noqa: E402, F401

gc.freeze()

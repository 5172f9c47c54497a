"""The emulator by hand and for shell scripts.

Prints one line when it is ready, writes its port to a file, writes each
delivered message to a folder, and ends at SIGTERM or when its time is over:
a script that dies leaves nothing behind for long.
"""

import argparse
import asyncio
import dataclasses
import json
import os
import signal
from pathlib import Path
from typing import Optional

from .policy import Account, Fault, OciPolicy, Policy, SesPolicy
from .server import MODES, Emulator

POLICIES = {"ses": SesPolicy, "oci": OciPolicy, "generic": Policy}


def parser():
    made = argparse.ArgumentParser(
        prog="emulator", description="Play Amazon SES or OCI Email Delivery "
        "on a loopback port.")
    add = made.add_argument
    add("--provider", choices=sorted(POLICIES), required=True)
    add("--region", help="region id, for example eu-west-1")
    add("--tls", choices=MODES, default="implicit", dest="mode")
    add("--chain", help="certificate chain, PEM")
    add("--key", help="private key, PEM")
    add("--user", help="user name or access key id")
    add("--secret-key", default="", help="SES: AWS secret access key")
    add("--password", default="", help="password as the client sends it")
    add("--verified", action="append", default=[], metavar="ADDRESS|DOMAIN")
    add("--suppressed", action="append", default=[], metavar="ADDRESS")
    add("--configuration-set", action="append", default=[], metavar="NAME")
    add("--set", action="append", default=[], metavar="FIELD=VALUE",
        dest="settings", help="any other field of the policy")
    add("--fault", action="append", default=[],
        metavar="STAGE:FIELD=VALUE[;FIELD=VALUE]")
    add("--directory", type=Path, help="where delivered messages go")
    add("--port-file", type=Path, help="where the port number goes")
    add("--session-file", type=Path,
        help="one JSON line for each session, credentials left out")
    add("--timeout", type=float, default=120.0,
        help="seconds after which it ends by itself (default 120)")
    return made


def typed(kind, name, text):
    """A dataclass field from text: JSON where it is JSON, else the text."""
    fields = {one.name: one for one in dataclasses.fields(kind)}
    if name not in fields:
        raise SystemExit(f"emulator: {kind.__name__} has no field {name}")
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    declared = fields[name].type
    if declared is bytes or "bytes" in str(declared):
        return text.encode().decode("unicode_escape").encode("latin-1")
    if isinstance(value, list):
        return set(value) if "set" in str(declared) else tuple(value)
    if declared in (str, Optional[str]):
        return text.replace("\\n", "\n")
    return value


def fault_of(text):
    """STAGE:FIELD=VALUE;FIELD=VALUE to a Fault."""
    stage, _, rest = text.partition(":")
    values = {}
    for one in filter(None, rest.split(";")):
        name, _, value = one.partition("=")
        values[name] = typed(Fault, name, value)
    return Fault(stage, **values)


def policy_of(options):
    """The policy that the command line describes."""
    kind = POLICIES[options.provider]
    values = {"verified": set(options.verified)}
    if options.region:
        values["region"] = options.region
    if options.user:
        values["accounts"] = [Account(options.user, secret=options.secret_key,
                                      password=options.password)]
    if options.suppressed:
        values["suppressed"] = set(options.suppressed)
    if options.configuration_set:
        values["configuration_sets"] = set(options.configuration_set)
    for one in options.settings:
        name, _, value = one.partition("=")
        values[name] = typed(kind, name, value)
    values["faults"] = [fault_of(one) for one in options.fault]
    try:
        return kind(**values)
    except TypeError as error:
        raise SystemExit(f"emulator: {error}") from None


def write_whole(path, data):
    """Write a file so that a waiting script never reads half of it."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    os.replace(part, path)


def write_message(directory, message):
    """<n>.eml last: whoever waits for it finds the description there."""
    described = json.dumps(message.as_dict(), indent=1) + "\n"
    write_whole(directory / f"{message.number}.json", described.encode())
    write_whole(directory / f"{message.number}.eml", message.content)


async def serve(options):
    """Run until SIGTERM, SIGINT or the end of the time."""
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    emulator = Emulator(policy_of(options), options.chain, options.key,
                        (options.mode,))
    if options.directory:
        options.directory.mkdir(parents=True, exist_ok=True)
        emulator.store.listeners.append(
            lambda message: write_message(options.directory, message))
    await emulator.start()
    if options.port_file:
        write_whole(options.port_file, f"{emulator.port}\n".encode())
    print(f"{options.provider} {emulator.policy.region} {options.mode} ready "
          f"on 127.0.0.1 port {emulator.port}", flush=True)
    try:
        await asyncio.wait_for(ending.wait(), options.timeout)
    except TimeoutError:
        pass
    finally:
        await emulator.stop()
        if options.session_file:
            lines = [json.dumps(record.as_dict()) + "\n"
                     for record in emulator.store.sessions]
            write_whole(options.session_file, "".join(lines).encode())
    for error in emulator.errors:
        raise error


def main(arguments=None):
    options = parser().parse_args(arguments)
    if options.mode != "plain" and not (options.chain and options.key):
        raise SystemExit("emulator: TLS needs --chain and --key")
    asyncio.run(serve(options))
    return 0

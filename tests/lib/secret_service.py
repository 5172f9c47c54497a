"""A keyring with one locked entry, and a person at its prompt.

    python3 secret_service.py PLACE unlock|dismiss|ignore

Speaks as much of the Secret Service API, on the bus of the environment, as a
lookup with a prompt takes. gnome-keyring's own prompt needs a display. The
file PLACE/asked is made when the prompt is shown. Runs until it is killed.
"""

import sys
from pathlib import Path

from gi.repository import Gio, GLib

PLACE, PERSON = Path(sys.argv[1]), sys.argv[2]
PASSWORD = b"behind a lock"

ROOT = "/org/freedesktop/secrets"
COLLECTION = f"{ROOT}/collection/one"
ITEM = f"{COLLECTION}/1"
PROMPT = f"{ROOT}/prompt/1"
SESSION = f"{ROOT}/session/1"

INTERFACES = """<node>
<interface name="org.freedesktop.Secret.Service">
 <method name="OpenSession"><arg type="s" direction="in"/>
  <arg type="v" direction="in"/><arg type="v" direction="out"/>
  <arg type="o" direction="out"/></method>
 <method name="SearchItems"><arg type="a{ss}" direction="in"/>
  <arg type="ao" direction="out"/><arg type="ao" direction="out"/></method>
 <method name="Unlock"><arg type="ao" direction="in"/>
  <arg type="ao" direction="out"/><arg type="o" direction="out"/></method>
 <property name="Collections" type="ao" access="read"/>
</interface>
<interface name="org.freedesktop.Secret.Item">
 <method name="GetSecret"><arg type="o" direction="in"/>
  <arg type="(oayays)" direction="out"/></method>
 <method name="Delete"><arg type="o" direction="out"/></method>
 <property name="Locked" type="b" access="read"/>
 <property name="Attributes" type="a{ss}" access="read"/>
 <property name="Label" type="s" access="read"/>
 <property name="Created" type="t" access="read"/>
 <property name="Modified" type="t" access="read"/>
</interface>
<interface name="org.freedesktop.Secret.Prompt">
 <method name="Prompt"><arg type="s" direction="in"/></method>
 <method name="Dismiss"/>
 <signal name="Completed"><arg type="b"/><arg type="v"/></signal>
</interface>
</node>"""


class Entry:
    locked = True
    deleted = False


def search(wanted):
    if Entry.deleted or wanted.get("service") != "smtp":
        return [], []
    return ([], [ITEM]) if Entry.locked else ([ITEM], [])


def show_prompt(connection):
    (PLACE / "asked").touch()
    if PERSON == "ignore":
        return
    Entry.locked = PERSON != "unlock"
    opened = GLib.Variant("ao", [] if Entry.locked else [ITEM])
    connection.emit_signal(
        None, PROMPT, "org.freedesktop.Secret.Prompt", "Completed",
        GLib.Variant("(bv)", (Entry.locked, opened)))


def secret():
    if Entry.locked:
        raise PermissionError
    return (SESSION, b"", PASSWORD, "text/plain")


def delete():
    if Entry.locked:
        raise PermissionError
    Entry.deleted = True
    return "/"


def open_session(algorithm):
    if algorithm != "plain":
        raise NotImplementedError
    return GLib.Variant("s", ""), SESSION


# method: type of the reply, reply of (connection, arguments)
METHODS = {
    "OpenSession": ("(vo)", lambda _, a: open_session(a[0])),
    "SearchItems": ("(aoao)", lambda _, a: search(a[0])),
    "Unlock": ("(aoo)", lambda _, a: ([], PROMPT) if Entry.locked
               else (a[0], "/")),
    "GetSecret": ("((oayays))", lambda _, a: (secret(),)),
    "Delete": ("(o)", lambda _, a: (delete(),)),
    "Prompt": ("()", lambda connection, _: show_prompt(connection) or ()),
    "Dismiss": ("()", lambda _, a: ()),
}
ERRORS = {NotImplementedError: "org.freedesktop.DBus.Error.NotSupported",
          PermissionError: "org.freedesktop.Secret.Error.IsLocked"}
PROPERTIES = {
    "Collections": lambda: GLib.Variant("ao", [COLLECTION]),
    "Locked": lambda: GLib.Variant("b", Entry.locked),
    "Attributes": lambda: GLib.Variant("a{ss}", {}),
    "Label": lambda: GLib.Variant("s", "entry"),
    "Created": lambda: GLib.Variant("t", 1),
    "Modified": lambda: GLib.Variant("t", 1),
}


def on_call(connection, _sender, _path, _interface, method, arguments, call):
    kind, reply = METHODS[method]
    try:
        value = GLib.Variant(kind, reply(connection, arguments.unpack()))
    except tuple(ERRORS) as error:
        call.return_dbus_error(ERRORS[type(error)], "no")
    else:
        call.return_value(value)


def on_get(_connection, _sender, _path, _interface, name):
    return PROPERTIES[name]()


def main():
    connection = Gio.bus_get_sync(Gio.BusType.SESSION, None)
    node = Gio.DBusNodeInfo.new_for_xml(INTERFACES)
    for path, interface in [(ROOT, "Service"), (ITEM, "Item"),
                            (PROMPT, "Prompt")]:
        connection.register_object(
            path, node.lookup_interface(f"org.freedesktop.Secret.{interface}"),
            on_call, on_get, None)
    Gio.bus_own_name_on_connection(
        connection, "org.freedesktop.secrets", Gio.BusNameOwnerFlags.NONE,
        None, None)
    GLib.MainLoop().run()


main()

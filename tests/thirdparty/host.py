"""The WASI 0.2 component in wasmtime-py, with the settings of this process's environment.

    python host.py COMPONENT.wasm list                the functions and their parameters, as JSON
    python host.py COMPONENT.wasm call FUNCTION ARGS  one call, with a JSON array of arguments (null: not given)
"""

import json
import os
import sys

from wasmtime import Config, Engine, Store, WasiConfig
from wasmtime import component as cm


def kind(value_type):
    """The WIT spelling of a parameter's type."""
    if isinstance(value_type, cm.OptionType):
        return f"option<{kind(value_type.payload)}>"
    if isinstance(value_type, cm.ListType):
        return f"list<{kind(value_type.element)}>"
    if isinstance(value_type, cm.EnumType):
        return "enum"
    return type(value_type).__name__.lower()


def plain(value):
    """What json can write."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if hasattr(value, "__dict__"):
        return {name: plain(item) for name, item in vars(value).items()}
    return value


def main():
    path, command, *rest = sys.argv[1:]
    engine = Engine(Config())
    component = cm.Component.from_file(engine, path)
    if command == "list":
        exports = component.type.exports(engine)
        tools = [
            {"name": name, "parameters": [[key, kind(param)] for key, param in item.ty.params]}
            for name, item in exports.items()
            if isinstance(item.ty, cm.FuncType)
        ]
        print(json.dumps({"tools": tools}))
        return

    name, arguments = rest
    store = Store(engine)
    wasi = WasiConfig()
    wasi.env = list(os.environ.items())
    wasi.inherit_stderr()
    store.set_wasi(wasi)
    store.set_wasi_http()
    linker = cm.Linker(engine)
    linker.add_wasip2()
    linker.add_wasi_http()
    instance = linker.instantiate(store, component)
    answer = instance.get_func(store, name)(store, *json.loads(arguments))
    # Where the type of a value does not tell on which side of a result it is, the value comes with a tag.
    tagged = isinstance(answer, cm.Variant)
    side = answer.tag if tagged else "ok"
    print(json.dumps({side: plain(answer.payload if tagged else answer)}))


main()

import importlib


def optional(name, extra=""):
    try:
        module = importlib.import_module(name)
    except ImportError as exc:
        raise ImportError(f"install {name} {extra}") from exc
    return module

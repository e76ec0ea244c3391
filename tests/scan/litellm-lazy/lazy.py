import importlib


class LazyModule:
    _module = None

    def __getattr__(self, name):
        if self._module is None:
            self._module = importlib.import_module("litellm")
        return getattr(self._module, name)


litellm = LazyModule()

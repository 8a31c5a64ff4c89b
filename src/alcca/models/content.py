"""Keys of objects by content: equal objects have equal keys, in every process.

A ``repr`` is not enough: it shows the corners of a large array, the shapes of a network, the address of most objects.
"""

import copyreg
import dis
import hashlib
import sys
import types
import weakref
from collections.abc import Callable, Iterable
from functools import cached_property, partial, partialmethod
from typing import Any

import numpy as np

from alcca.models.sources import Origins, has_file

__all__ = ["content"]

# Types whose ``repr`` is their whole content.
PLAIN = (type(None), bool, int, str, bytes, complex, type(Ellipsis), type(NotImplemented))
BUILT_IN = (
    types.WrapperDescriptorType,
    types.MethodDescriptorType,
    types.ClassMethodDescriptorType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
)
# Types that wrap functions, and the attributes with these functions.
WRAPPERS = (types.MethodType, property, classmethod, staticmethod, cached_property, partial, partialmethod)
WRAPPED = ("__func__", "fget", "fset", "fdel", "func")
# Attributes of a class that do not change its behaviour, or follow from the others.
SILENT = {
    "__abstractmethods__", "__annotate__", "__annotate_func__", "__annotations__", "__annotations_cache__", "__dict__",
    "__doc__", "__firstlineno__", "__module__", "__orig_bases__", "__parameters__", "__qualname__", "__signature__",
    "__slotnames__", "__static_attributes__", "__weakref__", "_abc_impl",
}  # fmt: skip
GLOBALS = {"LOAD_GLOBAL", "LOAD_NAME"}
STORES = {"STORE_ATTR", "STORE_DEREF", "STORE_GLOBAL"}
HEAP_TYPE = 1 << 9  # the flag of a class that code made, and that is not built into the interpreter

# Digests of the values that code refers to outside its settings, when they were first seen: a list in which a class
# counts its fits does not make it another class.
_first: dict[int, tuple[Callable[[], Any], bytes]] = {}


def content(thing: Any) -> str | None:
    """Return a key of an object's content: equal for objects that are equal down to the last number, else different.

    Parameters
    ----------
    thing : object
        Numbers, texts, arrays of any size, tensors and networks, tables, functions, classes, estimators, and any other
        objects that can be copied; in lists, mappings and attributes. Of an installed class or function the name and
        the version count; of any other its code, its source files, and the values that it refers to. The setting
        ``verbose`` of an estimator does not count.

    Returns
    -------
    str or None
        None if the content cannot be determined, as of a lock or an open file; such an object equals only itself.

    Examples
    --------
    >>> a = np.zeros(5000)
    >>> b = a.copy()
    >>> content({"weights": a}) == content({"weights": b})
    True
    >>> b[2500] = 1e-9
    >>> repr(a) == repr(b), content(a) == content(b)
    (True, False)
    >>> import threading
    >>> content([threading.Lock()])
    """
    try:
        return _Reader().read(thing).hex()
    except Exception:  # noqa: BLE001  # an object of another package may raise anything when it is read
        return None


def _digest(*parts: str | bytes) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return digest.digest()


class _Reader:
    """Reads an object and its parts, each part once."""

    def __init__(self) -> None:
        self._origins = Origins()
        self._open: dict[int, int] = {}
        # Keeps the objects alive, so that their ids stay unique.
        self._done: dict[tuple[int, bool], tuple[Any, bytes]] = {}
        # Whether estimators are copied with all attributes, like those in a mapping.
        self._whole = False

    def read(self, thing: Any) -> bytes:
        if type(thing) in PLAIN:
            return _digest(type(thing).__name__, thing if isinstance(thing, str | bytes) else repr(thing))
        if type(thing) is float:
            return _digest("float", thing.hex())
        key = id(thing), self._whole
        if key in self._done:
            return self._done[key][1]
        if id(thing) in self._open:  # it contains itself
            return _digest("outer", str(len(self._open) - self._open[id(thing)]))
        self._open[id(thing)] = len(self._open)
        try:
            digest = _digest(type(thing).__name__, *self._parts(thing))
        finally:
            del self._open[id(thing)]
        self._done[key] = thing, digest
        return digest

    def _parts(self, thing: Any) -> Iterable[str | bytes]:
        """The parts that the digest of an object is made of."""
        kind = type(thing)
        if isinstance(thing, type):
            return self._class(thing)
        if kind is types.FunctionType:
            return self._function(thing)
        if kind is types.CodeType:
            return self._code(thing)
        if kind is types.ModuleType:
            return (thing.__name__, self._origins.of(thing.__name__))
        if kind in (types.BuiltinFunctionType, types.MethodType):
            own = thing.__self__
            named = thing.__func__ if kind is types.MethodType else f"{thing.__module__}.{thing.__qualname__}"
            return map(self.read, (named, None if isinstance(own, types.ModuleType) else own))
        if kind in BUILT_IN:
            return (f"{thing.__objclass__.__module__}.{thing.__objclass__.__qualname__}.{thing.__name__}",)
        if isinstance(thing, property | cached_property):
            names = ("fget", "fset", "fdel") if isinstance(thing, property) else ("func",)
            return (self.read(getattr(thing, name)) for name in names)
        if isinstance(thing, classmethod | staticmethod):
            return (self.read(thing.__func__),)
        if kind in (list, tuple):
            return map(self.read, thing)
        if kind in (set, frozenset):
            return sorted(map(self.read, thing))
        if kind in (dict, types.MappingProxyType):
            return self._inside(part for pair in thing.items() for part in pair)
        if kind in (np.ndarray, np.memmap):
            return self._array(thing)
        if isinstance(thing, np.generic):
            return (str(thing.dtype), thing.tobytes())
        if _is(thing, "torch", "Tensor"):
            return self._tensor(thing)
        if _is(thing, "torch", "Generator"):
            return (str(thing.device), self.read(thing.get_state()))
        if callable(getattr(thing, "get_params", None)):
            return self._estimator(thing)
        return self._object(thing)

    def _inside(self, parts: Iterable[Any]) -> list[bytes]:
        before, self._whole = self._whole, True
        try:
            return [self.read(part) for part in parts]
        finally:
            self._whole = before

    def _array(self, array: Any) -> Iterable[str | bytes]:
        if array.dtype.hasobject:
            return (str(array.dtype), str(array.shape), *self._inside(array.ravel().tolist()))
        flat = np.ascontiguousarray(array).reshape(-1)
        digest = hashlib.sha256(flat.view(np.uint8).data if flat.nbytes else b"").digest()
        return (self.read(array.dtype.descr), str(array.shape), digest)

    def _tensor(self, tensor: Any) -> Iterable[str | bytes]:
        if str(tensor.layout) != "torch.strided" or tensor.is_quantized:
            return self._object(tensor)
        import torch

        numbers = tensor.detach().resolve_conj().resolve_neg().cpu().contiguous().flatten()
        data = numbers.view(torch.uint8).numpy().tobytes() if numbers.numel() else b""
        return (self.read(type(tensor)), str(tensor.dtype), str(tuple(tensor.shape)), str(tensor.device),
                str(tensor.requires_grad), data)  # fmt: skip

    def _estimator(self, estimator: Any) -> Iterable[str | bytes]:
        """Its class and settings, which a clone keeps; all attributes if it is copied instead."""
        try:
            settings = estimator.get_params(deep=False)
        except TypeError:
            settings = estimator.get_params()
        values = dict(settings)
        if self._whole or _clones_itself(type(estimator)):
            values |= getattr(estimator, "__dict__", {})
        values.pop("verbose", None)
        names = sorted(values, key=str)
        return (self.read(type(estimator)), *(part for name in names for part in (str(name), self.read(values[name]))))

    def _object(self, thing: Any) -> Iterable[str | bytes]:
        """The state of an object that ``copy`` and ``pickle`` use."""
        write = copyreg.dispatch_table.get(type(thing))
        reduced = thing.__reduce_ex__(4) if write is None else write(thing)
        if isinstance(reduced, str):
            return (self.read(type(thing)), reduced)
        make, arguments, *more = reduced
        parts = [self.read(type(thing)), *self._inside([make, tuple(arguments)])]
        parts += self._inside(more[:1])
        for items in more[1:3]:
            parts += [b"" if items is None else self.read(list(items))]
        # A class that is not installed and defines how it is copied may have more state than it reduces to.
        copied = getattr(type(thing), "__deepcopy__", None)
        theirs = self._origins.installed(getattr(copied, "__module__", None) or "builtins")
        if not theirs and hasattr(thing, "__dict__"):
            parts += self._inside([thing.__dict__])
        return parts

    def _class(self, kind: Any) -> Iterable[str | bytes]:
        # Some compiled classes define ``__module__`` only for their instances.
        module = kind.__module__ if isinstance(kind.__module__, str) else ""
        parts: list[str | bytes] = [f"{module}.{kind.__qualname__}", self._origins.of(module)]
        if not kind.__flags__ & HEAP_TYPE:
            return parts
        parts += [self.read(base) for base in kind.__bases__]
        if self._is_installed(kind, module):
            return parts
        if type(kind) is not type:
            parts.append(self.read(type(kind)))
        own = {name: value for name, value in vars(kind).items() if name not in SILENT}
        written = {name for value in own.values() for code in _codes(value) for name in _names(code, STORES)}
        for name in sorted(own):
            # A name that its own code assigns is a counter or a cache, not a setting.
            parts += [name, b"" if name in written else self._held(own[name])]
        return parts

    def _function(self, function: Any) -> Iterable[str | bytes]:
        # Its ``__module__`` may be that of a function that it wraps.
        module = str(function.__globals__.get("__name__") or "")
        parts: list[str | bytes] = [self._origins.of(module)]
        if self._is_installed(function, module):
            return [*parts, f"{module}.{function.__qualname__}"]
        code = function.__code__
        parts += [self.read(code), self.read(function.__defaults__), self.read(function.__kwdefaults__)]
        parts += [self._held(value) for _, value in sorted(vars(function).items())]
        written = _names(code, STORES)
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            parts += [name, b"" if name in written or _is_empty(cell) else self._held(cell.cell_contents)]
        if code.co_filename.startswith("<") or not has_file(module):
            known = function.__globals__
            for name in sorted(_names(code, GLOBALS) - written):
                parts += [name, self._held(known[name])] if name in known else [name]
        return parts

    def _is_installed(self, thing: Any, module: str) -> bool:
        """Whether a class or a function is the one that an installed package has under its name."""
        if not self._origins.installed(module):
            return False
        named: Any = sys.modules.get(module)
        for name in thing.__qualname__.split("."):
            named = getattr(named, name, None)
        return named is thing

    def _code(self, code: types.CodeType) -> Iterable[str | bytes]:
        names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
        counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
        return (code.co_code, code.co_exceptiontable, *map(self.read, (names, counts, code.co_consts)))

    def _held(self, value: Any) -> bytes:
        """The digest of a value that code refers to; a later change of the same object does not change it."""
        if isinstance(value, (*PLAIN, float, tuple, frozenset, type, property, *BUILT_IN)) or _codes(value):
            return self.read(value)
        alive, digest = _first.get(id(value), (lambda: None, b""))
        if alive() is value:
            return digest
        digest = self.read(value)
        try:
            alive = weakref.ref(value)
        except TypeError:
            alive = lambda: value  # noqa: E731
        _first[id(value)] = alive, digest
        return digest


def _is(thing: Any, module: str, name: str) -> bool:
    """Whether an object is an instance of a class of a package, without importing the package."""
    return any(kind.__name__ == name and kind.__module__.partition(".")[0] == module for kind in type(thing).__mro__)


def _clones_itself(kind: type) -> bool:
    from sklearn.base import BaseEstimator

    own = getattr(kind, "__sklearn_clone__", None)
    return own is not None and own is not BaseEstimator.__sklearn_clone__


def _is_empty(cell: types.CellType) -> bool:
    try:
        return cell.cell_contents is cell
    except ValueError:
        return True


def _codes(value: Any) -> list[types.CodeType]:
    """The code of a function, or of the functions that a method or a property wraps."""
    inner = [getattr(value, name, None) for name in WRAPPED] if isinstance(value, WRAPPERS) else [value]
    return [function.__code__ for function in inner if isinstance(function, types.FunctionType)]


def _names(code: types.CodeType, which: set[str]) -> set[str]:
    """Names that code reads or assigns, including those in its inner functions."""
    names = {str(step.argval) for step in dis.get_instructions(code) if step.opname in which}
    for inside in code.co_consts:
        if isinstance(inside, types.CodeType):
            names |= _names(inside, which)
    return names

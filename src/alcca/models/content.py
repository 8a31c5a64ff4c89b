"""What a thing is, told from its content: the same text, in every process, for what does the same.

A ``repr`` cannot tell: of a large array it shows the corners, of a network the shapes, of most objects the address.
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

# How far a text, that Python makes of them, tells all of them.
PLAIN = (type(None), bool, int, str, bytes, complex, type(Ellipsis), type(NotImplemented))
BUILT_IN = (
    types.WrapperDescriptorType,
    types.MethodDescriptorType,
    types.ClassMethodDescriptorType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
)
# What stands for functions, and where it has them.
STANDING = (types.MethodType, property, classmethod, staticmethod, cached_property, partial, partialmethod)
STAND_FOR = ("__func__", "fget", "fset", "fdel", "func")
# Of a class, what says nothing of what it does, or is said by the rest.
SILENT = {
    "__abstractmethods__", "__annotate__", "__annotate_func__", "__annotations__", "__annotations_cache__", "__dict__",
    "__doc__", "__firstlineno__", "__module__", "__orig_bases__", "__parameters__", "__qualname__", "__signature__",
    "__slotnames__", "__static_attributes__", "__weakref__", "_abc_impl",
}  # fmt: skip
GLOBALS = {"LOAD_GLOBAL", "LOAD_NAME"}
STORES = {"STORE_ATTR", "STORE_DEREF", "STORE_GLOBAL"}
HEAP_TYPE = 1 << 9  # a class that was made by code, and is not built into an interpreter

# What code refers to outside its settings, as it was when it was first seen: a list in which a class counts its fits
# makes no other class of it.
_first: dict[int, tuple[Callable[[], Any], bytes]] = {}


def content(thing: Any) -> str | None:
    """A name of a thing's content: equal for two things that are alike down to the last number, different otherwise.

    Parameters
    ----------
    thing : object
        Numbers, texts, arrays of any size, tensors and networks, tables, functions, classes, estimators, and whatever
        else can be copied; in lists, mappings and attributes. Of a class or a function that is installed the name and
        the version count, of any other its code, the files it lies in, and what it refers to. The setting ``verbose``
        of an estimator does not count.

    Returns
    -------
    str or None
        None where it cannot be told, as of a lock or of an open file: it is like nothing but itself.

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
    except Exception:  # noqa: BLE001  # whatever a stranger's object does when it is read
        return None


def _digest(*parts: str | bytes) -> bytes:
    made = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        made.update(b"%d:" % len(data))
        made.update(data)
    return made.digest()


class _Reader:
    """Reads a thing and what it is made of, each part once."""

    def __init__(self) -> None:
        self._origins = Origins()
        self._open: dict[int, int] = {}
        # What was read is held, so that its id stays its own.
        self._done: dict[tuple[int, bool], tuple[Any, bytes]] = {}
        # Whether the estimators that are met are copied with all that they have, as those in a mapping are.
        self._whole = False

    def read(self, thing: Any) -> bytes:
        if type(thing) in PLAIN:
            return _digest(type(thing).__name__, thing if isinstance(thing, str | bytes) else repr(thing))
        if type(thing) is float:
            return _digest("float", thing.hex())
        key = id(thing), self._whole
        if key in self._done:
            return self._done[key][1]
        if id(thing) in self._open:  # it is part of itself
            return _digest("outer", str(len(self._open) - self._open[id(thing)]))
        self._open[id(thing)] = len(self._open)
        try:
            found = _digest(type(thing).__name__, *self._parts(thing))
        finally:
            del self._open[id(thing)]
        self._done[key] = thing, found
        return found

    def _parts(self, thing: Any) -> Iterable[str | bytes]:
        """What a thing consists of."""
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
        made = hashlib.sha256(flat.view(np.uint8).data if flat.nbytes else b"")
        return (self.read(array.dtype.descr), str(array.shape), made.digest())

    def _tensor(self, tensor: Any) -> Iterable[str | bytes]:
        if str(tensor.layout) != "torch.strided" or tensor.is_quantized:
            return self._object(tensor)
        import torch

        numbers = tensor.detach().resolve_conj().resolve_neg().cpu().contiguous().flatten()
        data = numbers.view(torch.uint8).numpy().tobytes() if numbers.numel() else b""
        return (self.read(type(tensor)), str(tensor.dtype), str(tuple(tensor.shape)), str(tensor.device),
                str(tensor.requires_grad), data)  # fmt: skip

    def _estimator(self, estimator: Any) -> Iterable[str | bytes]:
        """Its class and settings, which are all that a clone of it has; where it is copied, all that it has."""
        try:
            settings = estimator.get_params(deep=False)
        except TypeError:
            settings = estimator.get_params()
        found = dict(settings)
        if self._whole or _clones_itself(type(estimator)):
            found |= getattr(estimator, "__dict__", {})
        found.pop("verbose", None)
        names = sorted(found, key=str)
        return (self.read(type(estimator)), *(part for name in names for part in (str(name), self.read(found[name]))))

    def _object(self, thing: Any) -> Iterable[str | bytes]:
        """What is written down of a thing in order to copy it."""
        write = copyreg.dispatch_table.get(type(thing))
        reduced = thing.__reduce_ex__(4) if write is None else write(thing)
        if isinstance(reduced, str):
            return (self.read(type(thing)), reduced)
        make, arguments, *more = reduced
        parts = [self.read(type(thing)), *self._inside([make, tuple(arguments)])]
        parts += self._inside(more[:1])
        for items in more[1:3]:
            parts += [b"" if items is None else self.read(list(items))]
        # A class of one's own that says how it is copied may keep more than it writes down.
        copied = getattr(type(thing), "__deepcopy__", None)
        theirs = self._origins.installed(getattr(copied, "__module__", None) or "builtins")
        if not theirs and hasattr(thing, "__dict__"):
            parts += self._inside([thing.__dict__])
        return parts

    def _class(self, kind: Any) -> Iterable[str | bytes]:
        # Some that are compiled have it for their instances alone.
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
            # What its own code assigns is a count or a store, and no setting.
            parts += [name, b"" if name in written else self._held(own[name])]
        return parts

    def _function(self, function: Any) -> Iterable[str | bytes]:
        # Its own ``__module__`` may be that of a function which it wraps.
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
        """Whether a class or a function is what an installed package has under its name, and not made by somebody."""
        if not self._origins.installed(module):
            return False
        found: Any = sys.modules.get(module)
        for name in thing.__qualname__.split("."):
            found = getattr(found, name, None)
        return found is thing

    def _code(self, code: types.CodeType) -> Iterable[str | bytes]:
        names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
        counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
        return (code.co_code, code.co_exceptiontable, *map(self.read, (names, counts, code.co_consts)))

    def _held(self, value: Any) -> bytes:
        """What code refers to: another value is another thing, one that was changed since it was first seen is not."""
        if isinstance(value, (*PLAIN, float, tuple, frozenset, type, property, *BUILT_IN)) or _codes(value):
            return self.read(value)
        alive, found = _first.get(id(value), (lambda: None, b""))
        if alive() is value:
            return found
        found = self.read(value)
        try:
            alive = weakref.ref(value)
        except TypeError:
            alive = lambda: value  # noqa: E731
        _first[id(value)] = alive, found
        return found


def _is(thing: Any, module: str, name: str) -> bool:
    """Whether a thing is of a class of a package, which is not imported to find out."""
    return any(one.__name__ == name and one.__module__.partition(".")[0] == module for one in type(thing).__mro__)


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
    """The code of a function, or of those that a method or a property stands for."""
    inner = [getattr(value, name, None) for name in STAND_FOR] if isinstance(value, STANDING) else [value]
    functions = [one for one in inner if isinstance(one, types.FunctionType)]
    return [function.__code__ for function in functions]


def _names(code: types.CodeType, which: set[str]) -> set[str]:
    """Names that code reads or assigns, in the functions inside it too."""
    found = {str(step.argval) for step in dis.get_instructions(code) if step.opname in which}
    for inside in code.co_consts:
        if isinstance(inside, types.CodeType):
            found |= _names(inside, which)
    return found

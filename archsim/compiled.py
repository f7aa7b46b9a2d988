"""Functions compiled to machine code by numba, which is kept between processes in the user's cache directory.

It is kept outside the package: files that an installer does not know of would outlive the package when that is removed,
and what is left of it would hide a later installation. Where there is no directory to write to, nothing is kept, and
every process compiles anew.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar, cast

import platformdirs
from numba import njit
from numba.core.caching import CompileResultCacheImpl, FunctionCache, NullCache

Function = TypeVar("Function", bound=Callable[..., object])

KEPT_S = 30 * 24 * 3600
"""How long the code of earlier sources is kept, in seconds."""


class CacheWarning(UserWarning):
    """Compiled code cannot be kept, so that the next process has to compile it again."""


def jit(**options: object) -> Callable[[Function], Function]:
    """Compile a function when it is first called, or load what an earlier process compiled.

    Parameters
    ----------
    **options
        As of ``numba.njit``, without ``cache``.
    """

    def decorate(function: Function) -> Function:
        made: Any = cast(Any, njit)(**options)(function)
        if made is not function:  # as it is under NUMBA_DISABLE_JIT
            made._cache = _Kept(function)
        return cast(Function, made)

    return decorate


@cache
def cache_directory() -> Path | None:
    """The folder of this version's compiled code; None, with a warning, where none can be written.

    It is in ``NUMBA_CACHE_DIR`` where that is set, else where the system keeps a user's caches.
    """
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    above = Path(chosen).absolute() / "archsim" if chosen else platformdirs.user_cache_path("archsim")
    folder = above / "compiled" / _version()
    # Without a home, the path begins with a tilde.
    reason = _unusable(folder) if folder.is_absolute() else "there is no home directory"
    if reason:
        _warn(f"{reason} (choose a directory with NUMBA_CACHE_DIR)")
    return None if reason else folder


def _version() -> str:
    try:
        return version("archsim")
    except PackageNotFoundError:
        return "source"


def _unusable(folder: Path) -> str:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        return f"{folder} cannot be written: {error.strerror}"
    return ""


def _warn(reason: str) -> None:
    warnings.warn(f"compiled code is not kept, so that every start takes longer: {reason}", CacheWarning, stacklevel=2)


@cache
def _sources(package: Path) -> str:
    """What a package's compiled functions are made of: its modules, whose functions and constants merge, and this one.

    Raises
    ------
    OSError
        If the package is not made of files.
    """
    digest = hashlib.sha256()
    for file in (Path(__file__), *sorted(package.glob("*.py"))):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def _forget_old(folder: Path) -> None:
    """Remove what earlier states of a package's sources left, once nobody has compiled there for a month."""
    package = folder.name.rpartition("-")[0]
    for other in folder.parent.glob(f"{package}-*"):
        if time.time() - other.stat().st_mtime > KEPT_S:
            shutil.rmtree(other, ignore_errors=True)


class _Locator:
    """Where numba keeps a function's code, and what tells that it is out of date."""

    def __init__(self, function: Callable[..., object], file: str) -> None:
        self._py_file = file
        self._line = function.__code__.co_firstlineno
        package = Path(file).parent
        self._folder = (cache_directory() or Path()) / f"{package.name}-{_sources(package)}"

    @classmethod
    def from_function(cls, function: Callable[..., object], file: str) -> _Locator:
        return cls(function, file)

    def get_cache_path(self) -> str:
        return str(self._folder)

    def ensure_cache_path(self) -> None:
        if not self._folder.exists():
            _forget_old(self._folder)
            self._folder.mkdir(parents=True, exist_ok=True)

    def get_source_stamp(self) -> str:
        return self._folder.name

    def get_disambiguator(self) -> str:
        return str(self._line)


class _Implementation(CompileResultCacheImpl):
    _locator_classes = [_Locator]  # noqa: RUF012 - a list in numba, too


class _Files(FunctionCache):
    _impl_class = _Implementation


class _Kept(NullCache):
    """A function's code on disk, looked for at its first call. Whatever is wrong there, the function is compiled."""

    def __init__(self, function: Callable[..., object]) -> None:
        self._function = function

    @cached_property
    def _files(self) -> Any:
        try:
            return cast(Any, _Files)(self._function) if cache_directory() else NullCache()
        except OSError as error:
            _warn(f"{inspect.getfile(self._function)}: {error.strerror}")
            return NullCache()

    @property
    def cache_path(self) -> str | None:
        return cast("str | None", self._files.cache_path)

    def load_overload(self, signature: object, target: object) -> object:
        try:
            return self._files.load_overload(signature, target)
        except Exception:  # noqa: BLE001 - a damaged file may raise anything while it is read
            self.flush()
            return None

    def save_overload(self, signature: object, result: object) -> None:
        try:
            self._files.save_overload(signature, result)
        except OSError as error:
            self._files = NullCache()
            _warn(str(error))

    def flush(self) -> None:
        try:
            self._files.flush()
        except OSError as error:
            self._files = NullCache()
            _warn(str(error))

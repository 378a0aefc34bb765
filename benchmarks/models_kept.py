"""Keep what peers predicted, by what it was made from, so that running only our side again is quick."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from benchmarks.models_case import Peer, Predicted, Protocol
from features.outputs import whole_file

FOLDER = Path("out/bench_models")
LIBRARIES = ("catboost", "lifetimes", "lightgbm", "scikit-learn", "xgboost-cpu")


def predicted_by(protocol: Protocol, name: str, *, fresh: bool) -> Predicted:
    """What a peer predicts, read from its file if it was made from the same data, code and libraries."""
    peer = protocol.peers[name]
    path = FOLDER / "predicted" / protocol.key / f"{name.replace(' ', '_').replace('/', '')}-{_made_from(protocol, peer)}.npz"
    if path.exists() and not fresh:
        with np.load(path) as kept:
            return dict(kept)
    predicted = peer.predict()
    with whole_file(path) as unfinished, unfinished.open("wb") as file:
        np.savez_compressed(file, **predicted)
    return predicted


def fingerprint_of(files: Iterable[Path]) -> str:
    """Sixteen hex digits over the bytes of files."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _made_from(protocol: Protocol, peer: Peer) -> str:
    parts = [protocol.fingerprint, *map(_library, LIBRARIES)]
    parts.append(fingerprint_of(Path(__file__).with_name(f"{module}.py") for module in peer.modules))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _library(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"{name} absent"

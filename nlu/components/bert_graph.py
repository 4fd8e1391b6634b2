"""Builds the encoder's ONNX graph from its weights: BERT, mean over the words, length one.

The fused operators of onnxruntime keep the graph short and quick: one `Attention` a layer instead of thirty nodes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

FUSED = "com.microsoft"


@dataclass(frozen=True)
class Shape:
    layers: int
    heads: int
    epsilon: float


@dataclass
class _Graph:
    weights: dict[str, np.ndarray]
    nodes: list[NodeProto] = field(default_factory=list)
    constants: dict[str, np.ndarray] = field(default_factory=dict)

    def constant(self, name: str, value: np.ndarray | None = None) -> str:
        self.constants[name] = np.ascontiguousarray(self.weights[name] if value is None else value)
        return name

    def add(self, operator: str, inputs: list[str], output: str, *, domain: str = "", **attributes: object) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [output], domain=domain, **attributes))
        return output


def build(weights: dict[str, np.ndarray], shape: Shape) -> ModelProto:
    """Inputs `ids` and `mask` (batch, words) int32; output `vectors` (batch, dimensions)."""
    graph = _Graph(weights)
    state = _embeddings(graph, shape)
    for layer in range(shape.layers):
        state = _layer(graph, state, f"encoder.layer.{layer}", shape)
    _pooled(graph, state)
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT32, ["batch", "words"]) for name in ("ids", "mask")]
    output = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["batch", "dimensions"])
    constants = [numpy_helper.from_array(value, name) for name, value in graph.constants.items()]
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid(FUSED, 1)]
    whole = helper.make_graph(graph.nodes, "encoder", inputs, [output], constants)
    return helper.make_model(whole, opset_imports=opsets, ir_version=8)


def _embeddings(graph: _Graph, shape: Shape) -> str:
    kinds = graph.weights["embeddings.token_type_embeddings.weight"]
    places = graph.weights["embeddings.position_embeddings.weight"] + kinds[0]
    inputs = [
        "ids",
        "",
        graph.constant("embeddings.word_embeddings.weight"),
        graph.constant("places", places),
        "",
        graph.constant("embeddings.LayerNorm.weight"),
        graph.constant("embeddings.LayerNorm.bias"),
    ]
    node = helper.make_node(
        "EmbedLayerNormalization", inputs, ["embedded", "unused"], domain=FUSED, epsilon=shape.epsilon
    )
    graph.nodes.append(node)
    return "embedded"


def _layer(graph: _Graph, state: str, name: str, shape: Shape) -> str:
    own = f"{name}.attention.self"
    parts = [graph.weights[f"{own}.{part}.weight"].T for part in ("query", "key", "value")]
    biases = [graph.weights[f"{own}.{part}.bias"] for part in ("query", "key", "value")]
    attention = graph.add(
        "Attention",
        [
            state,
            graph.constant(f"{own}.weight", np.concatenate(parts, axis=1)),
            graph.constant(f"{own}.bias", np.concatenate(biases)),
            "mask",
        ],
        f"{name}.attended",
        domain=FUSED,
        num_heads=shape.heads,
    )
    seen = _added(graph, _dense(graph, attention, f"{name}.attention.output"), state, f"{name}.attention.output", shape)
    inner = _dense(graph, seen, f"{name}.intermediate")
    bias = graph.constant(f"{name}.intermediate.dense.bias")
    active = graph.add("BiasGelu", [inner, bias], f"{name}.active", domain=FUSED)
    return _added(graph, _dense(graph, active, f"{name}.output"), seen, f"{name}.output", shape)


def _dense(graph: _Graph, state: str, name: str) -> str:
    weight = graph.constant(f"{name}.dense.weight", graph.weights[f"{name}.dense.weight"].T)
    return graph.add("MatMul", [state, weight], f"{name}.dense")


def _added(graph: _Graph, state: str, skipped: str, name: str, shape: Shape) -> str:
    inputs = [
        state,
        skipped,
        graph.constant(f"{name}.LayerNorm.weight"),
        graph.constant(f"{name}.LayerNorm.bias"),
        graph.constant(f"{name}.dense.bias"),
    ]
    return graph.add("SkipLayerNormalization", inputs, f"{name}.normal", domain=FUSED, epsilon=shape.epsilon)


def _pooled(graph: _Graph, state: str) -> None:
    """Sum over the words that are there; with the length then made one, the mean needs no division."""
    last = graph.constant("last axis", np.array([-1], dtype=np.int64))
    words = graph.constant("word axis", np.array([1], dtype=np.int64))
    graph.add("Cast", ["mask"], "there", to=TensorProto.FLOAT)
    graph.add("Unsqueeze", ["there", last], "there column")
    graph.add("Mul", [state, "there column"], "kept")
    graph.add("ReduceSum", ["kept", words], "sum", keepdims=0)
    graph.add("LpNormalization", ["sum"], "vectors", axis=-1, p=2)

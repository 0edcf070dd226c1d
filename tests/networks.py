"""Tiny networks written to files, with random weights: nothing is fetched."""

import json
from pathlib import Path

#: Side of the pictures that the timm network takes.
SIDE = 32


def save_network(folder: Path, seed: int = 0) -> Path:
    """Save a random network without classifier as timm's local-dir wants it."""
    import timm
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    net = timm.create_model("test_efficientnet", num_classes=0).eval()
    save_file(net.state_dict(), folder / "model.safetensors")
    config = {"input_size": [3, SIDE, SIDE], "interpolation": "bilinear", "crop_pct": 1.0,
              "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "num_classes": 0,
              "classifier": "classifier", "first_conv": "conv_stem"}  # fmt: skip
    record = {"architecture": "test_efficientnet", "num_classes": 0, "pretrained_cfg": config}
    (folder / "config.json").write_text(json.dumps(record))
    return folder


def save_means(path: Path) -> Path:
    """Save an ONNX model that gives the mean of each channel: three numbers a picture."""
    import onnx
    from onnx import TensorProto, helper

    nodes = [helper.make_node("GlobalAveragePool", ["x"], ["g"]),
             helper.make_node("Flatten", ["g"], ["y"])]  # fmt: skip
    taken = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, SIDE, SIDE])
    given = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3])
    graph = helper.make_graph(nodes, "means", [taken], [given])
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), str(path))
    return path

"""Write a tiny random Qwen3 model with a real tokenizer: something to serve without a download.

Run by the Python of a managed environment, which has numpy and tokenizers:
python tiny_model.py OUTDIR. The weights are random but the same each time, so that answers can be
compared between runs (with temperature 0).
"""

import argparse
import json
import os
import shutil
import struct
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

VERSION = 1  # raise it when what is written changes: an older model is then replaced
MARK = "sparkup-model.json"  # says that a folder is ours and how it was made
WEIGHTS = "model.safetensors"

LAYERS, HIDDEN, HEADS, KV_HEADS, HEAD_DIM, FFN, MAX_TOKENS = 4, 128, 4, 2, 32, 256, 2048
VOCAB_STEP = 64  # a vocabulary that tensor parallel can divide
SPREAD = 0.08  # of the random weights

END, TURN_END = "<|endoftext|>", "<|im_end|>"
SPECIAL = (END, "<|im_start|>", TURN_END, "<think>", "</think>", "<tool_call>", "</tool_call>")
SENTENCE = (
    "the quick brown fox jumps over the lazy dog. hello world, this is a tiny cluster test model. "
    "system user assistant how are you today?"
)
CHAT_TEMPLATE = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + (m['content'] or '')"
    " + '<|im_end|>' + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def train_tokenizer() -> Tokenizer:
    """Return a byte-level BPE tokenizer: any text can be encoded, no token is unknown."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=500,
        special_tokens=list(SPECIAL),
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator([SENTENCE] * 8, trainer)
    return tokenizer


def model_config(vocab: int, tokenizer: Tokenizer) -> dict[str, Any]:
    """Return config.json (the names are those of transformers' Qwen3Config)."""
    return {
        "architectures": ["Qwen3ForCausalLM"],
        "model_type": "qwen3",
        "vocab_size": vocab,
        "hidden_size": HIDDEN,
        "intermediate_size": FFN,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": KV_HEADS,
        "head_dim": HEAD_DIM,
        "max_position_embeddings": MAX_TOKENS,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-6,
        "rope_theta": 10000.0,
        "tie_word_embeddings": False,
        "attention_bias": False,
        "attention_dropout": 0.0,
        "initializer_range": 0.02,
        "use_cache": True,
        "torch_dtype": "bfloat16",
        "eos_token_id": tokenizer.token_to_id(TURN_END),
        "pad_token_id": tokenizer.token_to_id(END),
        "bos_token_id": None,
    }


def generation_config(tokenizer: Tokenizer) -> dict[str, Any]:
    """Return generation_config.json: both end tokens end an answer."""
    ends = [tokenizer.token_to_id(TURN_END), tokenizer.token_to_id(END)]
    return {"eos_token_id": ends, "pad_token_id": ends[1], "do_sample": False}


def tokenizer_config() -> dict[str, Any]:
    """Return tokenizer_config.json, which holds the chat template."""
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": MAX_TOKENS,
        "eos_token": TURN_END,
        "pad_token": END,
        "clean_up_tokenization_spaces": False,
        "chat_template": CHAT_TEMPLATE,
    }


def tensor_shapes(vocab: int) -> dict[str, tuple[int, ...]]:
    """Return every tensor of the model with its shape, as Qwen3ForCausalLM names them."""
    shapes: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (vocab, HIDDEN),
        "lm_head.weight": (vocab, HIDDEN),
        "model.norm.weight": (HIDDEN,),
    }
    layer: dict[str, tuple[int, ...]] = {
        "self_attn.q_proj": (HEADS * HEAD_DIM, HIDDEN),
        "self_attn.k_proj": (KV_HEADS * HEAD_DIM, HIDDEN),
        "self_attn.v_proj": (KV_HEADS * HEAD_DIM, HIDDEN),
        "self_attn.o_proj": (HIDDEN, HEADS * HEAD_DIM),
        "self_attn.q_norm": (HEAD_DIM,),
        "self_attn.k_norm": (HEAD_DIM,),
        "mlp.gate_proj": (FFN, HIDDEN),
        "mlp.up_proj": (FFN, HIDDEN),
        "mlp.down_proj": (HIDDEN, FFN),
        "input_layernorm": (HIDDEN,),
        "post_attention_layernorm": (HIDDEN,),
    }
    for index in range(LAYERS):
        shapes |= {f"model.layers.{index}.{name}.weight": shape for name, shape in layer.items()}
    return shapes


def tensor_bytes(shapes: dict[str, tuple[int, ...]], seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield each tensor as bfloat16, the upper half of a float32; norms are ones."""
    random = np.random.default_rng(seed)
    for name, shape in shapes.items():
        if len(shape) == 1:
            values = np.ones(shape, np.float32)
        else:
            values = random.standard_normal(shape, np.float32) * np.float32(SPREAD)
        yield name, (values.view(np.uint32) >> 16).astype("<u2").tobytes()


def safetensors(vocab: int, seed: int) -> bytes:
    """Return model.safetensors: length of the header, header as JSON, tensors one after another."""
    shapes = tensor_shapes(vocab)
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    body = b""
    for name, data in tensor_bytes(shapes, seed):
        offsets = [len(body), len(body) + len(data)]
        header[name] = {"dtype": "BF16", "shape": list(shapes[name]), "data_offsets": offsets}
        body += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + body


def model_files(seed: int) -> dict[str, bytes]:
    """Return the files of a model, the mark last."""
    tokenizer = train_tokenizer()
    vocab = -(-tokenizer.get_vocab_size() // VOCAB_STEP) * VOCAB_STEP
    return {
        "tokenizer.json": tokenizer.to_str(pretty=True).encode(),
        "tokenizer_config.json": _json(tokenizer_config()),
        "generation_config.json": _json(generation_config(tokenizer)),
        "config.json": _json(model_config(vocab, tokenizer)),
        WEIGHTS: safetensors(vocab, seed),
        MARK: _json(mark(seed)),
    }


def mark(seed: int) -> dict[str, Any]:
    """Return what the mark of a model says that this program would write now."""
    return {"version": VERSION, "seed": seed}


def read_mark(folder: Path) -> object:
    """Return what the mark of a folder says, None if it has none."""
    try:
        return json.loads((folder / MARK).read_bytes())
    except (OSError, ValueError):
        return None


def is_complete(folder: Path, seed: int) -> bool:
    """Say whether a folder holds what this program would write."""
    return read_mark(folder) == mark(seed) and (folder / WEIGHTS).is_file()


def write(folder: Path, files: dict[str, bytes]) -> None:
    """Write a model beside its final name and move it there whole; replace an older one of ours."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".tmp", dir=folder.parent))
    try:
        model = scratch / "new"
        model.mkdir()
        for name, data in files.items():
            with (model / name).open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        if read_mark(folder) is not None:
            folder.rename(scratch / "old")
        model.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def main(arguments: list[str] | None = None) -> int:
    """Make the model where there is none; return 0, or 1 if something else is in the way."""
    parser = argparse.ArgumentParser(description="Write a tiny random-weight model.")
    parser.add_argument("outdir", type=Path, help="folder of the model")
    parser.add_argument("--seed", type=int, default=0, help="of the random weights (default: 0)")
    options = parser.parse_args(arguments)
    folder: Path = options.outdir.absolute()
    if is_complete(folder, options.seed):
        return 0
    try:
        write(folder, model_files(options.seed))
    except OSError as error:
        if is_complete(folder, options.seed):  # another run was faster
            return 0
        sys.stderr.write(f"cannot write a model to {folder}: {error}\n")
        return 1
    return 0


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1) + "\n").encode()


if __name__ == "__main__":
    sys.exit(main())

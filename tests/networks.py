"""Tiny networks of others with random weights, made on the spot: nothing is fetched."""

from pathlib import Path

import pytest

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "hello", "darkness", "my", "old", "friend", "##s"]


def write_sentence_model(folder: Path) -> Path:
    """A sentence-transformers model of 12 dimensions; skip where the package is not installed."""
    sentence_transformers = pytest.importorskip("sentence_transformers")
    from sentence_transformers.sentence_transformer import modules
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=12, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
        max_position_embeddings=32,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder / "bert")
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder / "bert")
    transformer = modules.Transformer(str(folder / "bert"), max_seq_length=16)
    pooling = modules.Pooling(transformer.get_embedding_dimension())
    sentence_transformers.SentenceTransformer(modules=[transformer, pooling]).save(str(folder / "model"))
    return folder / "model"


def write_clap_model(folder: Path, truncation: str = "rand_trunc") -> Path:
    """A CLAP model of 6 dimensions; skip where the package is not installed."""
    pytest.importorskip("transformers")
    from transformers import ClapAudioConfig, ClapConfig, ClapFeatureExtractor, ClapModel, ClapTextConfig

    text = ClapTextConfig(
        vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
        max_position_embeddings=20,
    )  # fmt: skip
    audio = ClapAudioConfig(
        patch_embeds_hidden_size=8, hidden_size=16, depths=[1, 1], num_attention_heads=[1, 2], num_classes=3,
        enable_fusion=truncation == "fusion",
    )  # fmt: skip
    config = ClapConfig(text_config=text.to_dict(), audio_config=audio.to_dict(), projection_dim=6)
    ClapModel(config).save_pretrained(folder)
    ClapFeatureExtractor(truncation=truncation).save_pretrained(folder)
    return folder

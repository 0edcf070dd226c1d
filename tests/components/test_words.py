from datetime import UTC, datetime

import pytest

from components import words


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0 %"), (0.004, "0.4 %"), (0.0999, "10 %"), (0.25, "25 %"), (1, "100 %"), (None, "–")],
)
def test_small_shares_keep_a_decimal(value, said):
    assert words.share(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.2, "0 s"), (59, "59 s"), (60, "1 min"), (185, "3 min 5 s"), (7800, "2 h 10 min")],
)
def test_durations_name_their_largest_units(value, said):
    assert words.seconds(value) == said


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-11-20T11:59:30Z", "just now"),
        ("2026-11-20T11:50:00Z", "10 min ago"),
        ("2026-11-20T09:00:00+00:00", "3 h ago"),
        ("2026-11-19T11:00:00Z", "1 day ago"),
        ("2026-09-01T00:00:00Z", "2026-09-01"),
        (datetime(2026, 11, 20, 11, 58, tzinfo=UTC).timestamp(), "2 min ago"),
        ("", ""),
        (None, ""),
    ],
)
def test_moments_are_told_as_how_long_ago(moment, said):
    assert words.ago(moment, datetime(2026, 11, 20, 12, tzinfo=UTC)) == said


def test_missing_table_values_are_empty():
    assert [words.value_text(v) for v in (None, float("nan"), 0, 1.5, "a")] == [
        "", "", "0", "1.5", "a",
    ]  # fmt: skip


def test_one_is_singular():
    assert words.plural(1, "image") == "1 image"
    assert words.plural(1200, "image") == "1,200 images"


def test_maps_have_names_for_people():
    assert [words.map_name(m) for m in ("tsne", "umap3d", "new")] == ["t-SNE", "UMAP, 3-D", "new"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [("pixels", "pixels"), ("timm:resnet18.a1_in1k", "timm:resnet18.a1_in1k"),
     ("timm:local-dir:/weights/mobilenet", "timm:mobilenet"),
     ("timm:/weights/net.safetensors", "timm:net.safetensors"),
     ("ensemble:timm:local-dir:/w/net+pixels?weights=2,1&fit=0123456789abcdef",
      "2 × timm:net + pixels"),
     ("residual:timm:local-dir:/w/net?columns=batch", "timm:net without batch")],
)  # fmt: skip
def test_an_encoder_is_named_without_its_folders(name, shown):
    assert words.encoder_name(name) == shown


def test_columns_that_vitrine_computes_have_names_for_people():
    assert words.column_name("cluster", "cluster") == "Theme"
    assert words.column_name("faithfulness umap") == "Faithfulness of the UMAP map"
    assert words.column_name("wing_length", "wing_length") == "wing_length"

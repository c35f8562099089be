import numpy as np
import pytest

from inference.core.crops import resize
from inference.core.detections import Kind
from inference.core.errors import ModelError
from inference.core.images import encode_jpeg, read_image
from inference.core.manifest import ModelStore
from inference.core.reid import Embedder, embed_query, load_embedder, unit_length


def crop(jacket: tuple[int, int, int], width: int = 64, height: int = 128) -> np.ndarray:
    """A figure of three blocks on grey: head, jacket, dark trousers."""
    image = np.full((height, width, 3), 150, np.uint8)
    left, right = width // 4, width - width // 4
    image[height // 20 : height // 6, width // 3 : width - width // 3] = (120, 150, 190)
    image[height // 6 : height // 2, left:right] = jacket
    image[height // 2 : height - height // 20, left:right] = (50, 40, 40)
    return image


def test_features_have_unit_length_and_the_stated_dimension(embedder: Embedder) -> None:
    features = embedder.embed([crop((200, 40, 40)), crop((30, 30, 180), 90, 200), crop((90, 90, 90), 20, 50)])
    assert features.shape == (3, embedder.dimension)
    assert features.dtype == np.float32
    assert np.linalg.norm(features, axis=1) == pytest.approx(np.ones(3), abs=1e-5)


def test_no_crops_give_no_features(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, 256)


def test_a_feature_does_not_depend_on_its_batch(embedder: Embedder) -> None:
    crops = [crop((20 * i, 200 - 15 * i, 90)) for i in range(11)]
    together, alone = embedder.embed(crops), np.concatenate([embedder.embed([one]) for one in crops])
    assert np.sum(together * alone, axis=1) == pytest.approx(np.ones(11), abs=1e-4)


def test_a_compressed_copy_is_nearer_than_another_colour(embedder: Embedder) -> None:
    red, blue = crop((30, 30, 200)), crop((200, 40, 30))
    copy = read_image(encode_jpeg(red, 60))
    one, same, other = embedder.embed([red, copy, blue])
    assert one @ same > 0.9
    assert one @ same > one @ other + 0.1


def lopsided() -> np.ndarray:
    """A figure with a bag on its right."""
    image = crop((200, 40, 40))
    image[50:100, 48:] = (20, 200, 230)
    return image


def test_a_person_is_searched_by_as_the_mean_of_both_mirror_sides(embedder: Embedder) -> None:
    picture = lopsided()
    mirrored = np.ascontiguousarray(picture[:, ::-1])
    one, other = embedder.embed([picture, mirrored])
    assert one @ other < 0.999
    (query,) = embed_query(embedder, [picture], Kind.PERSON)
    assert query == pytest.approx(unit_length(one + other), abs=1e-4)
    assert embed_query(embedder, [mirrored], Kind.PERSON)[0] == pytest.approx(query, abs=1e-4)
    assert query @ one > 0.95  # it is still that picture


def test_a_vehicle_is_searched_by_as_it_is_stored(embedder: Embedder) -> None:
    assert np.array_equal(embed_query(embedder, [lopsided()], Kind.VEHICLE), embedder.embed([lopsided()]))


def test_a_picture_to_search_by_is_left_as_it_was(embedder: Embedder) -> None:
    picture = lopsided()
    embed_query(embedder, [picture], Kind.PERSON)
    assert np.array_equal(picture, lopsided())


def test_no_pictures_to_search_by_give_no_features(embedder: Embedder) -> None:
    assert embed_query(embedder, [], Kind.PERSON).shape == (0, 256)


@pytest.mark.parametrize(("made_for", "shown"), [(Kind.PERSON, Kind.VEHICLE), (Kind.VEHICLE, Kind.PERSON)])
def test_a_model_is_refused_for_what_it_was_not_made_for(made_for: Kind, shown: Kind, tiny_store: ModelStore) -> None:
    assert load_embedder(f"tiny-{made_for}", tiny_store, kind=made_for).dimension == 3
    with pytest.raises(ModelError, match=f"tiny-{made_for} is made for {made_for}, not for {shown}"):
        load_embedder(f"tiny-{made_for}", tiny_store, kind=shown)


def test_a_describer_is_no_embedder(tiny_store: ModelStore) -> None:
    with pytest.raises(ModelError, match="tiny-person-looks is a model for describer, not for reid"):
        load_embedder("tiny-person-looks", tiny_store)


def test_a_crop_is_brought_to_the_size_of_the_manifest(tiny_store: ModelStore) -> None:
    # Left red, right blue, in a picture much wider than the network's 8 × 16: both halves count alike.
    image = np.zeros((100, 400, 3), np.uint8)
    image[:, :200, 2], image[:, 200:, 0] = 200, 200
    assert tiny_store.entry("tiny-person").input_size == (8, 16)
    (feature,) = load_embedder("tiny-person", tiny_store).embed([image])
    assert feature == pytest.approx([0.7071, 0, 0.7071], abs=1e-3)
    assert resize(image, (8, 16)).shape == (16, 8, 3)

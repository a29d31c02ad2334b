"""The size of a document is what MongoDB makes of it."""

import bson
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.store.sizes import bson_size

texts = st.text(st.characters(codec="utf-8"), max_size=9)
numbers = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3) | st.floats()
plain = st.none() | st.booleans() | numbers | texts | st.binary(max_size=9)
names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=9)
values = st.recursive(
    plain,
    lambda within: st.lists(within, max_size=12) | st.dictionaries(names, within),
    max_leaves=30,
)


@settings(deadline=None)
@given(document=st.dictionaries(names, values))
def test_a_size_is_that_of_the_encoding(document: dict[str, object]) -> None:
    assert bson_size(document) == len(bson.encode(document))

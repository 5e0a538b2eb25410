"""A join code says where it was seen, fits where it must, and nobody but its till can make it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.errors import PosError
from posapp.ids import CROCKFORD
from posapp.rules.join_token import CHANNELS, FIRST_DAY, LENGTH, Token, check, make, read

KEY = b"k" * 32

tokens = st.builds(
    Token,
    store=st.integers(0, 131_071),
    till=st.integers(0, 63),
    clerk=st.integers(0, 16_383),
    channel=st.sampled_from(CHANNELS),
    sequence=st.integers(0, (1 << 24) - 1),
    day=st.integers(FIRST_DAY, FIRST_DAY + 4_095),
    series=st.integers(0, 15),
)


@given(tokens)
def test_what_was_written_is_read_again(token: Token) -> None:
    text = make(token, KEY)
    assert len(text) == LENGTH
    assert set(text) <= set(CROCKFORD)
    for spelt in (text, text.lower(), f"https://m.shop.example/j/{text}", f"J1{text}"):
        held, body = read(spelt)
        assert held == token
        assert check(spelt, body, KEY) == text


@given(tokens, st.integers(0, LENGTH - 1), st.sampled_from(CROCKFORD))
def test_one_changed_character_is_seen(token: Token, place: int, letter: str) -> None:
    text = make(token, KEY)
    changed = text[:place] + letter + text[place + 1 :]
    if changed != text:
        with pytest.raises(PosError, match="bad_join_code"):
            check(changed, read(changed)[1], KEY)


@given(tokens)
def test_another_key_makes_another_token(token: Token) -> None:
    text = make(token, KEY)
    with pytest.raises(PosError, match="bad_join_code"):
        check(text, read(text)[1], b"x" * 32)


@given(tokens, st.sampled_from(CHANNELS))
def test_all_codes_of_a_ticket_share_their_stem(token: Token, channel: str) -> None:
    assert read(make(token.on(channel), KEY))[0].stem == token.stem


@pytest.mark.parametrize("text", ["", "J1", "https://m.shop.example/j/", "ABC", "U" * 26, "https://x/k/" + "0" * 26])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(PosError, match="bad_join_code"):
        read(text)


def test_a_number_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="clerk"):
        make(Token(1, 1, 16_384, "display", 1, FIRST_DAY, 1), KEY)

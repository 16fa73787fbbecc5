import pytest

from control_plane.app import template_names, welcome_in


@pytest.mark.parametrize(
    ("language", "name", "template"),
    [
        ("ko_KR", "시작하기", "welcome-ko"),
        ("Korean_Korea", "시작하기", "welcome-ko"),
        ("en_GB", "Welcome", "welcome"),
        ("", "Welcome", "welcome"),
    ],
)
def test_the_first_start_welcomes_in_the_language_of_the_server(language: str, name: str, template: str):
    assert welcome_in(language) == (name, template)
    assert template in template_names()

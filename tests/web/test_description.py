"""The API describes itself, completely and in valid OpenAPI."""

import re

import flask
import openapi_spec_validator

from browser import Browser


def test_the_description_is_valid_and_names_every_route(app: flask.Flask, ann: Browser) -> None:
    document = ann.get("/openapi.json")
    openapi_spec_validator.validate(document)
    described = {
        (path, method.upper()) for path, item in document["paths"].items() for method in item
    }
    served = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and not rule.rule.endswith("openapi.json")
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}
    }
    assert described == served


def test_every_operation_says_what_it_is_for_and_what_it_answers(ann: Browser) -> None:
    for path, item in ann.get("/openapi.json")["paths"].items():
        for method, operation in item.items():
            assert operation["summary"], (method, path)
            assert set(operation["responses"]) & {"200", "201", "202", "204"}, (method, path)

import boto3
from google import genai
from google.genai import types

client = genai.Client()
bedrock = boto3.client("bedrock-runtime")


class Gemini:
    max_output_tokens: int | None = 8096
    config: types.GenerateContentConfigDict | None = None

    def ask(self, contents):
        config: types.GenerateContentConfigDict = {}
        if self.config:
            config = self.config.copy()
        if self.max_output_tokens is not None:
            config["max_output_tokens"] = self.max_output_tokens

        def send():
            return client.models.generate_content(model="gemini-2.0-flash", contents=contents, config=config)

        return send()

    def again(self, contents):
        config: types.GenerateContentConfigDict = {}
        if self.config:
            config = self.config.copy()
        other = config.copy()
        return client.models.generate_content(model="gemini-2.0-flash", contents=contents, config=other)


class Claude:
    max_tokens: int | None = 4096

    def _limits(self):
        limits = {}
        if self.max_tokens is not None:
            limits["maxTokens"] = self.max_tokens
        return limits

    def ask(self, messages, extra=None):
        body = {}
        limits = self._limits()
        if limits:
            body["inferenceConfig"] = limits
        if extra:
            body.update(extra)
        body = {k: v for k, v in body.items() if v is not None}
        return bedrock.converse(modelId="anthropic.claude-3-haiku-20240307-v1:0", messages=messages, **body)


def without(contents, **options):
    given = {"model": "gemini-1.5-pro", "config": {"max_output_tokens": 70}}
    rest = {k: v for k, v in given.items() if k != "model"}
    return client.models.generate_content(model="gemini-2.0-flash", contents=contents, **rest)


def without_some(contents):
    given = {"model": "gemini-1.5-pro", "config": {"max_output_tokens": 70}, "extra": None}
    rest = {k: v for k, v in given.items() if v is not None and k not in ("config", "extra")}
    return client.models.generate_content(contents=contents, **rest)


def only(contents):
    given = {"model": "gemini-1.5-pro", "config": {"max_output_tokens": 70}}
    rest = {k: v for k, v in given.items() if k in ["config"]}
    return client.models.generate_content(model="gemini-2.0-flash", contents=contents, **rest)


def without_what_is_not_known(contents, names):
    given = {"model": "gemini-1.5-pro", "config": {"max_output_tokens": 70}}
    rest = {k: v for k, v in given.items() if k not in names}
    return client.models.generate_content(model="gemini-2.0-flash", contents=contents, **rest)

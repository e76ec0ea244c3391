import json

import boto3

br = boto3.client("bedrock-runtime")
s3 = boto3.client("s3")
MODEL_ID = "anthropic.claude-sonnet-5-v1:0"


def f(m, s, t, extra):
    br.converse(modelId="us.anthropic.claude-haiku-4-5-v1:0", messages=m, system=[{"text": s}], inferenceConfig={"maxTokens": 512})  # BR-PY-1
    br.converse_stream(modelId=MODEL_ID, messages=m)  # BR-PY-2
    br.invoke_model(modelId=MODEL_ID, body=json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 300, "messages": m}))  # BR-PY-3
    body = json.dumps({"max_tokens": 7, "messages": m})
    br.invoke_model_with_response_stream(modelId=MODEL_ID, body=body)  # BR-PY-4
    br.invoke_model(modelId="amazon.titan-embed-text-v2:0", body=json.dumps({"inputText": t}))  # BR-PY-5
    br.converse(**{"modelId": MODEL_ID, "messages": m, **extra})  # BR-PY-6
    br.count_tokens(modelId=MODEL_ID)
    br.apply_guardrail(guardrailIdentifier="g")
    s3.put_object(Bucket="b", Key="k")

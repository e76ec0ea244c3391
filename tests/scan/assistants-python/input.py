from openai import OpenAI

client = OpenAI()
helper = client.beta.assistants.create(model="gpt-4o", instructions="Help.")


def go(thread_id):
    client.beta.threads.messages.create(thread_id=thread_id, role="user", content="hi")
    return client.beta.threads.runs.create_and_poll(thread_id=thread_id, assistant_id=helper.id)  # OA-PY-17

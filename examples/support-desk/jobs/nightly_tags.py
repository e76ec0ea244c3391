"""Tags yesterday's tickets; run by cron at 02:00."""
import json
import sys

import litellm

MODEL = "anthropic/claude-sonnet-4-5"


def tag(ticket: dict) -> list[str]:
    reply = litellm.completion(
        model=MODEL,
        max_tokens=60,
        messages=[
            {"role": "system", "content": "Extract up to five product tags from the ticket. Answer with a JSON list of strings."},
            {"role": "user", "content": ticket["text"]},
        ],
    )
    return json.loads(reply.choices[0].message.content)


def main() -> None:
    for line in sys.stdin:
        ticket = json.loads(line)
        print(json.dumps({"id": ticket["id"], "tags": tag(ticket)}))


if __name__ == "__main__":
    main()

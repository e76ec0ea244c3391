import { generateObject, streamText } from "ai";
import { z } from "zod";
import { pick } from "@/lib/models";

const Sentiment = z.object({ mood: z.enum(["calm", "annoyed", "angry"]), urgent: z.boolean() });

export async function POST(request: Request) {
  const { messages, draft } = await request.json();

  const { object } = await generateObject({
    model: pick("fast"),
    schema: Sentiment,
    prompt: `Classify the mood of this customer message and whether it is urgent:\n\n${messages.at(-1).content}`,
  });

  const result = streamText({
    model: pick("smart"),
    maxOutputTokens: 600,
    system: `Rewrite the draft answer so that it fits a customer who is ${object.mood}. Keep every fact and every step.`,
    messages: [...messages, { role: "user", content: draft }],
  });
  return result.toTextStreamResponse();
}

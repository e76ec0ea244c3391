import { anthropic } from "@ai-sdk/anthropic";
import { openai } from "@ai-sdk/openai";

export const MODELS = { fast: process.env.FAST_MODEL ?? "gpt-5.4-nano", smart: "claude-sonnet-5" } as const;
export const CROSS = "gpt-4.1";
export const pick = (tier: keyof typeof MODELS) => (tier === "smart" ? anthropic(MODELS.smart) : openai(MODELS.fast));

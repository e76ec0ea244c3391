import { anthropic } from "@ai-sdk/anthropic";
import { openai } from "@ai-sdk/openai";

export const MODELS = {
  fast: process.env.FAST_MODEL ?? "gpt-4o-mini",
  smart: "claude-sonnet-4-5",
} as const;

export const pick = (tier: keyof typeof MODELS) => (tier === "smart" ? anthropic(MODELS.smart) : openai(MODELS.fast));

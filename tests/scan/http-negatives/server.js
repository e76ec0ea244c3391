const nock = require("nock");
const express = require("express");

const app = express();
app.post("/v1/messages", (req, res) => res.end());
nock("https://api.openai.com").post("/v1/chat/completions").reply(200, {});
const url = "https://api.anthropic.com/v1/messages";
console.log(url);

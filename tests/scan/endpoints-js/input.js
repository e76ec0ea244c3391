const https = require("https");

https.request({ hostname: "api.openai.com", path: "/v1/chat/completions", method: "POST" }, (res) => res.resume());
https.request({ hostname: "shop.example", path: "/v1/chat/completions", method: "POST" }, (res) => res.resume());
$.ajax({ url: "https://api.openai.com/v1/completions", type: "POST", data: JSON.stringify({ model: "j1", prompt: "x" }) });
$.ajax({ url: "/completions", type: "POST", data: "{}" });
server.request("/v1/chat/completions", (req, res) => res.end());

var __toESM = (m) => m;
var import_ai = __toESM(require("ai"));
var import_openai = require("@ai-sdk/openai");
async function f(prompt) {
  return (0, import_ai.generateText)({ model: (0, import_openai.openai)("bundled"), prompt });  // 3.2
}

// A language server that lies, in place of pyright. How is what the file /workspace/behaviour says when it starts.
const fs = require("fs");

const SLICE = Buffer.alloc(65536, "x");
const frame = (message) => {
  const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }));
  return Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]);
};
const write = (data) => fs.writeSync(1, data);
const endless = (begin, more) => {
  write(begin);
  for (;;) write(more);
};
let behaviour = "obeys";
try {
  behaviour = fs.readFileSync("/workspace/behaviour", "utf8").trim();
} catch {}

const HOSTILE = {
  "a giant length": () => endless("Content-Length: 99999999999\r\n\r\n", SLICE),
  "a length without end": () => endless("Content-Length: 1", "1".repeat(1000)),
  "no end of the header": () => endless("X-Endless: ", SLICE),
  "a negative length": () => endless("Content-Length: -5\r\n\r\n", "hello"),
  "no number": () => endless("Content-Length: many\r\n\r\n", "hello"),
  "no JSON": () => endless("", "Content-Length: 5\r\n\r\nhello"),
  "deep nesting": () => endless("", `Content-Length: 200000\r\n\r\n${"[".repeat(200000)}`),
  "half a message": () => {
    write('Content-Length: 100\r\n\r\n{"jsonrpc"');
    setInterval(() => {}, 1000);
  },
  "a flood of notifications": (answer) => {
    answer();
    const log = frame({ method: "window/logMessage", params: { type: 4, message: "x".repeat(10000) } });
    const found = frame({ method: "textDocument/publishDiagnostics", params: { uri: "file:///workspace/a.py", diagnostics: [] } });
    endless("", Buffer.concat([log, found]));
  },
  "a flood of requests": (answer) => {
    answer();
    for (let id = 0; ; id++) write(frame({ id, method: "workspace/configuration", params: { items: [{ section: "python" }] } }));
  },
  "answers that nobody asked for": (answer) => {
    answer();
    for (let id = 0; ; id++) write(frame({ id: id + 1000000, result: "x".repeat(1000) }));
  },
  "two answers": (answer) => {
    answer();
    answer();
  },
  "an answer of another shape": () => endless("", frame({ id: 1, result: [] })),
};

let pending = Buffer.alloc(0);
process.stdin.on("data", (data) => {
  pending = Buffer.concat([pending, data]);
  for (;;) {
    const end = pending.indexOf("\r\n\r\n");
    if (end < 0) return;
    const length = Number(/Content-Length: (\d+)/.exec(pending.subarray(0, end).toString())[1]);
    if (pending.length < end + 4 + length) return;
    const message = JSON.parse(pending.subarray(end + 4, end + 4 + length).toString());
    pending = pending.subarray(end + 4 + length);
    if (message.method === "initialize") {
      const answer = () => write(frame({ id: message.id, result: { capabilities: { hoverProvider: true } } }));
      (HOSTILE[behaviour] ?? answer)(answer);
    } else if (message.id !== undefined && message.method === "textDocument/hover") {
      write(frame({ id: message.id, result: { contents: "I obey" } }));
    } else if (message.id !== undefined && message.method !== undefined) {
      write(frame({ id: message.id, result: null }));
    }
  }
});

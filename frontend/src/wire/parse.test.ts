import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseProjects, parseSteps } from "./control";
import { parse, ParseError, parseEvent } from "./parse";

describe("parse", () => {
  it("fills in what may be missing", () => {
    const node = parse("Node", { id: "a", title: "A", position: { x: 1, y: 2 } });
    expect(node).toMatchObject({ kind: "code", cache: "auto", ports: { inputs: [], merges: false } });
  });

  it("gives each value defaults of its own", () => {
    const read = () => parse("Node", { id: "a", title: "A", position: { x: 0, y: 0 } });
    expect(read().files).not.toBe(read().files);
  });

  it.each([
    [{ title: "A", position: { x: 0, y: 0 } }, "Node.id is missing"],
    [{ id: 3, title: "A", position: { x: 0, y: 0 } }, "Node.id: expected string, got number"],
    [{ id: "a", title: "A", position: { x: "0", y: 0 } }, "Node.position.x: expected number, got string"],
    [{ id: "a", title: "A", position: { x: 0, y: 0 }, kind: "bomb" }, "Node.kind: expected code | input"],
    [{ id: "a", title: "A", position: { x: 0, y: 0 }, files: [1] }, "Node.files[0]: expected string, got number"],
    [null, "Node: expected Node, got null"],
  ])("names the field that is wrong: %j", (value, message) => {
    expect(() => parse("Node", value)).toThrow(ParseError);
    expect(() => parse("Node", value)).toThrow(message);
  });
});

describe("parseEvent", () => {
  it("reads an event by its type", () => {
    const event = parseEvent({ seq: 1, at: 2, type: "project_changed", data: { etag: "x" } });
    expect(event).toEqual({ seq: 1, at: 2, type: "project_changed", data: { etag: "x", by: "" } });
  });

  it("skips a type of the future, and is not fooled by names that all objects have", () => {
    expect(parseEvent({ seq: 1, at: 2, type: "new", data: {} })).toBeNull();
    expect(parseEvent({ seq: 1, at: 2, type: "constructor", data: {} })).toBeNull();
  });

  it("refuses one with the wrong data", () => {
    expect(() => parseEvent({ seq: 1, at: 2, type: "node_status", data: { run_id: "r" } })).toThrow("node_id is missing");
  });
});

it("reads the list of projects, and takes an unknown state of a sandbox for none", () => {
  const [project] = parseProjects([{ id: "p", name: "P", sandbox: "dancing" }]);
  expect(project).toMatchObject({ id: "p", sandbox: "absent", description: "" });
});

it("reads steps of opening, and leaves out what is none", () => {
  expect(parseSteps([{ name: "queue", state: "done", duration_ms: 3 }, { name: "x", state: "?" }, 4])).toEqual([
    { name: "queue", state: "done", durationMs: 3 },
  ]);
});

it("the generated types are those of the server", () => {
  const own = "../.venv/bin/python";
  execFileSync(existsSync(own) ? own : "python3", ["scripts/wire_types.py", "--check"]);
});

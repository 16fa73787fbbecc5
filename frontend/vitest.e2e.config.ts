import { defineConfig } from "vitest/config";

/** The browser tests: Chromium, the real control plane and real containers. `npm run e2e`. */
export default defineConfig({
  test: {
    environment: "node",
    include: ["e2e/**/*.e2e.ts"],
    globalSetup: ["e2e/support/setUp.ts"],
    // Scenarios wait for containers and language servers more than they work, and each has a project of its own: two at a time.
    maxWorkers: 2,
    isolate: false,
    // A busy machine can push Chromium itself over the edge (a renderer that is killed, a socket that is reset). A scenario
    // starts from a new project, so that trying again hides no state; a fault of the product fails three times.
    retry: 2,
    // What a page had under way when it was closed has nobody left to tell: that is the browser's end, not a fault.
    onUnhandledError: (error) => !error.message.includes("has been closed"),
    testTimeout: 180_000,
    hookTimeout: 180_000,
    reporters: ["verbose"],
  },
});

import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { precompress } from "./precompress.ts";

const backend = process.env["AIMFORGE_BACKEND"] ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react(), tailwindcss(), precompress()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  server: {
    proxy: {
      "/api": { target: backend, ws: true },
      "/login": { target: backend },
    },
  },
  build: {
    target: "es2023",
    // Monaco is one chunk of its own, loaded when the first editor opens; nothing else comes near this.
    chunkSizeWarningLimit: 5_000,
    // Terser or esbuild would only be slower: the default minifier of Vite 8 is used.
    sourcemap: false,
  },
  worker: { format: "es" },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/testSetup.ts"],
    restoreMocks: true,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});

import { readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";

// The local stack, for `npm run dev` beside `make up`.
function localApi(): string {
  try {
    return JSON.parse(readFileSync("../.local/stack.json", "utf8")).api;
  } catch {
    return "http://127.0.0.1:4566";
  }
}

export default defineConfig(({ command }) => {
  const api = command === "serve" ? new URL(localApi()) : undefined;
  return {
    // Relative, so that the page works wherever the API is.
    base: "./",
    build: {
      outDir: "../functions/query/web",
      emptyOutDir: true,
      target: "es2022",
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
    },
    ...(api && {
      server: {
        host: "127.0.0.1",
        proxy: {
          "^/(sites|timeseries|backfill|exports|status|health)\\b": {
            target: api.origin,
            rewrite: (path) => api.pathname + path,
          },
        },
      },
    }),
    test: { include: ["tests/**/*.test.ts"], environment: "node" },
  };
});

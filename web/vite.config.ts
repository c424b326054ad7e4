import { readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";

// The address of the local stack, for `npm run dev` with `make up`.
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
    // Relative, because the path of the API is not known at build time.
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

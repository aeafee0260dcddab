// Three entries, one build: console, member app and register share a kit and a client, and nothing else.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const built = resolve(import.meta.dirname, "../src/regulars/interfaces/http/built");
const server = process.env["REGULARS_URL"] ?? "http://127.0.0.1:8000";

/** Squeezes once what would otherwise be squeezed at every request. */
function squeeze(): Plugin {
  const walk = (folder: string): string[] =>
    readdirSync(folder).flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? walk(path) : [path];
    });
  return {
    name: "squeeze",
    apply: "build",
    closeBundle() {
      for (const path of walk(built).filter((each) => /\.(js|css|html|svg|json|webmanifest)$/.test(each)))
        writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
    },
  };
}

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), squeeze()],
  build: {
    outDir: built,
    emptyOutDir: true,
    target: "es2022",
    // A page says itself what it needs, and nothing of one entry is fetched for another.
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
    rolldownOptions: {
      input: {
        home: resolve(import.meta.dirname, "index.html"),
        console: resolve(import.meta.dirname, "console/index.html"),
        member: resolve(import.meta.dirname, "member/index.html"),
        register: resolve(import.meta.dirname, "register/index.html"),
        worker: resolve(import.meta.dirname, "member/worker.ts"),
      },
      output: {
        // A service worker governs the folder that it lies in, and keeps its name.
        entryFileNames: (chunk) => (chunk.name === "worker" ? "member/worker.js" : "assets/[name]-[hash].js"),
      },
    },
  },
  server: { proxy: { "^/(v1|openapi.json|docs|problems)": { target: server, changeOrigin: false } } },
});

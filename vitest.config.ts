import { readdirSync } from "node:fs";
import { defineConfig } from "vitest/config";

// Workspace code runs from its TypeScript sources: the condition "kmc-source" leads every import there.
const conditions = ["kmc-source", "node", "import", "default"];

// Limits against hanging, not measures of speed: a gate's machine may be shared with other builds. A test that needs more says so.
const patience = process.env["CI"] === undefined ? 120_000 : 300_000;

export default defineConfig({
  test: {
    // Whoever has only the gate's log to go by sees what differed, not "…(39)".
    chaiConfig: { truncateThreshold: 1_000 },
    projects: readdirSync(new URL("./packages", import.meta.url)).map((name) => ({
      resolve: { conditions },
      ssr: { resolve: { conditions, externalConditions: conditions } },
      test: {
        name,
        root: `./packages/${name}`,
        include: ["src/**/*.test.ts"],
        testTimeout: patience,
        hookTimeout: patience,
        expect: { poll: { timeout: patience / 2 } },
      },
    })),
  },
});

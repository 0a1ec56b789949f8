import { readdirSync } from "node:fs";
import { defineConfig } from "vitest/config";

// Workspace code runs from its TypeScript sources: the condition "kmc-source" leads every import there.
const conditions = ["kmc-source", "node", "import", "default"];

export default defineConfig({
  test: {
    projects: readdirSync(new URL("./packages", import.meta.url)).map((name) => ({
      resolve: { conditions },
      ssr: { resolve: { conditions, externalConditions: conditions } },
      test: {
        name,
        root: `./packages/${name}`,
        include: ["src/**/*.test.ts"],
        testTimeout: 20_000,
      },
    })),
  },
});

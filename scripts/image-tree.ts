// Makes the root folder of the image: `pnpm image:tree FOLDER`. The Dockerfile runs it.

import { existsSync, readdirSync } from "node:fs";
import { makeImageTree } from "./image/tree.ts";

const [target] = process.argv.slice(2);
if (target === undefined || (existsSync(target) && readdirSync(target).length > 0)) {
  process.stderr.write("usage: pnpm image:tree FOLDER, which must be new or empty\n");
  process.exitCode = 1;
} else {
  makeImageTree(target);
}

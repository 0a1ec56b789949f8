// The controller process. `--help` tells its flags.

import "reflect-metadata";
import { keepToMemoryLimit } from "./vitals/memory-limit.ts";

const start = { argv: process.argv.slice(2), env: process.env };
keepToMemoryLimit(start);
// Only now, so that nothing is loaded twice where the process begins anew.
const { runProcess } = await import("./process.ts");
await runProcess(start);

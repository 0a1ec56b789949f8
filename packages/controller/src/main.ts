// The controller process. `--help` tells its flags.

import "reflect-metadata";
import { runProcess } from "./process.ts";

await runProcess({ argv: process.argv.slice(2), env: process.env });

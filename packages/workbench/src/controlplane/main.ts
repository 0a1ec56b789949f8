// `pnpm controlplane build|up|down [--dir D]`: a real control plane for other programs. Standard output carries one line: the cache folder (build)
// or the kubeconfig's path (up); everything else goes to standard error.

import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  buildControlPlane,
  cacheFolder,
  cacheRoot,
  missingBinaries,
  neededBinaries,
} from "@karpenter-multicloud/testkit/control-plane";
import { ALL_COMPONENTS } from "./keeper-state.ts";
import { bringUp, takeDown } from "./up-and-down.ts";

const USAGE = `usage: pnpm controlplane build            build what is missing into the user's cache
       pnpm controlplane up [--dir D] [--crds]   start it in the background and print its kubeconfig's path;
                                                 --crds installs all definitions of charts/crds
       pnpm controlplane down [--dir D]          end it and remove D
D is ${join(cacheRoot(), "running")} unless given.`;

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function main(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      dir: { type: "string" },
      crds: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const [command, ...rest] = positionals;
  const folder = values.dir ?? join(cacheRoot(), "running");
  if (rest.length > 0) return usageError(`unknown argument ${rest.join(" ")}`);
  switch (command) {
    case "build":
      await buildControlPlane({ progress: say });
      process.stdout.write(`${cacheFolder()}\n`);
      return 0;
    case "up":
      await buildControlPlane({ only: missingBinaries(neededBinaries(ALL_COMPONENTS)), progress: say });
      process.stdout.write(`${await bringUp(folder, values.crds)}\n`);
      return 0;
    case "down":
      say((await takeDown(folder)) ? `the control plane in ${folder} has ended` : `no control plane runs in ${folder}`);
      return 0;
    default:
      return usageError(command === undefined ? "a command is missing" : `unknown command ${command}`);
  }
}

function usageError(message: string): number {
  say(`${message}\n${USAGE}`);
  return 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

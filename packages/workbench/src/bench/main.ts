// `pnpm bench [name]`: figures of this machine. Progress goes to standard error, the table or the JSON document to standard output.

import { arch, cpus, loadavg, platform, totalmem } from "node:os";
import { BenchError } from "./bench-error.ts";
import { BENCH_HELP, parseBenchOptions } from "./options.ts";
import { BENCHES } from "./registry.ts";
import { KARPENTER_VARIABLE, requireKarpenter } from "./schedule/karpenter.ts";

const BAD_REQUEST = 2;
const stopped = new AbortController();
process.once("SIGINT", () => stopped.abort());
process.once("SIGTERM", () => stopped.abort());

try {
  process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;
} catch (error) {
  if (stopped.signal.aborted) {
    console.error("stopped");
    process.exitCode = 1;
  } else if (error instanceof BenchError) {
    console.error(error.message);
    process.exitCode = BAD_REQUEST;
  } else {
    throw error;
  }
}

async function main(argv: readonly string[]): Promise<boolean> {
  const names = BENCHES.map(({ name }) => name);
  const options = parseBenchOptions(argv, names);
  if (options.help) {
    console.log(BENCH_HELP);
    return true;
  }
  const karpenter = process.env[KARPENTER_VARIABLE] || undefined;
  if (karpenter !== undefined) await requireKarpenter(karpenter);
  const progress = (line: string): void => console.error(line);
  const here = machine();
  if (here.loadAverage > here.processors / 2) {
    progress(
      `this machine is busy (load ${here.loadAverage.toFixed(1)}, ${here.processors} processors): do not trust the times`,
    );
  }
  const wanted = BENCHES.filter(({ name }) => options.names.length === 0 || options.names.includes(name));
  const documents: Record<string, object> = {};
  let sound = true;
  for (const bench of wanted) {
    const report = await bench.run({ options, karpenter, progress, signal: stopped.signal });
    documents[bench.name] = report.document;
    sound &&= report.sound;
    if (!options.json) console.log(report.text);
  }
  if (options.json) console.log(JSON.stringify({ machine: here, ...documents }));
  return sound;
}

interface Machine {
  readonly node: string;
  readonly platform: string;
  readonly processor: string;
  readonly processors: number;
  readonly memoryMiB: number;
  /** Of the last minute, before the first measurement. */
  readonly loadAverage: number;
}

function machine(): Machine {
  const processors = cpus();
  return {
    node: process.version,
    platform: `${platform()}-${arch()}`,
    processor: processors[0]?.model.trim() ?? "unknown",
    processors: processors.length,
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    loadAverage: loadavg()[0] ?? 0,
  };
}

// `demo --real` as people run it, as a process of its own.

import { Program } from "./program.ts";

export interface DemoEnd {
  readonly code: number | string;
  readonly seconds: number;
  /** What went wrong, in the demo's own words. */
  readonly complaints: readonly string[];
  /** The last line, which other programs read. */
  readonly totals: unknown;
}

export async function playRealDemo(): Promise<DemoEnd> {
  const started = performance.now();
  const lines: string[] = [];
  const onLine = (line: string): unknown => lines.push(line);
  const demo = new Program({ path: "workbench/src/demo/main.ts", args: ["--real", "--ci"], onLine });
  const code = await demo.ended;
  return {
    code,
    seconds: (performance.now() - started) / 1000,
    complaints: lines.filter((line) => /^(ERROR|BROKEN|NOT CONVERGED)/.test(line)),
    totals: parse(lines.at(-1) ?? ""),
  };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}

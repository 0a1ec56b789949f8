// One line for each crash run: where the lives ended, and how long the world took to come to rest.

import type { CrashPoint } from "@karpenter-multicloud/testkit";
import type { CrashReport } from "./crash-run.ts";

export class CrashTable {
  readonly #lines: string[] = [];

  /** `planned`, the first crash, knows the name of a call that was never sent. */
  add(cloud: string, planned: CrashPoint | undefined, { deaths, virtualSeconds, machinesEver }: CrashReport): void {
    const named = deaths.map((death, life) =>
      pointText(life === 0 && planned?.number === death.number ? planned : death),
    );
    this.#lines.push(
      `${cloud.padEnd(9)} ${String(virtualSeconds).padStart(5)} s  ${machinesEver} machines  ${named.join(", then ")}`,
    );
  }

  toString(): string {
    return [
      "",
      "crash runs: virtual seconds until rest, machines bought in all, where each life ended",
      ...this.#lines,
      "",
    ].join("\n");
  }
}

/** "#1910 before patch NodeClaim default-4cbzw", paths without the ids that make them long. */
export function pointText({ number, moment, call }: CrashPoint): string {
  const short = call.replace(/\?.*$/, "").replaceAll(/\/[0-9a-f]{8}[0-9a-f-]{8,}/g, "/{}");
  return `#${number} ${moment} ${short}`;
}

// How much of the process's memory its heap may take (RT-45). Node.js takes that limit at its start only.

import { getHeapStatistics } from "node:v8";
import type { Settings } from "@karpenter-multicloud/core/options";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Logger } from "@karpenter-multicloud/core/telemetry";
import { seconds, type Duration } from "@karpenter-multicloud/core/units";

/** The rest is for buffers, code and the thread of the lease. */
const SHARE_OF_MEMORY = 0.75;
const MEBIBYTE = 1024 * 1024;
const OWN_LIMIT = /(^|\s)--max[-_]old[-_]space[-_]size/;

const LOOK_EVERY: Duration = seconds(10);
const NEARLY_FULL = 0.9;
/** Below this the next warning is a new one. */
const EASED = 0.8;

export interface ProcessStart {
  /** Of Node.js itself. */
  readonly execArgv: readonly string[];
  /** The variable NODE_OPTIONS. */
  readonly nodeOptions: string | undefined;
}

/** The options Node.js has to be started with again, or undefined when it runs as it should. */
export function optionsForLimit(
  { memoryLimit }: Pick<Settings, "memoryLimit">,
  start: ProcessStart,
): readonly string[] | undefined {
  const isLimited = limitsHeap([...start.execArgv, start.nodeOptions].join(" "));
  if (memoryLimit <= 0 || isLimited) return undefined;
  const megabytes = Math.floor((memoryLimit * SHARE_OF_MEMORY) / MEBIBYTE);
  return [...start.execArgv, `--max-old-space-size=${megabytes}`];
}

/** Whether these options of Node.js say how large the heap may be: then whoever wrote them has decided. */
export function limitsHeap(options: string | undefined): boolean {
  return OWN_LIMIT.test(options ?? "");
}

export interface HeapUse {
  readonly used: number;
  readonly limit: number;
}

export function heapUse(): HeapUse {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  return { used, limit };
}

/** Warns when the heap is nearly full, once each time it becomes so. */
export class HeapWatch {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #use: () => HeapUse;
  #told = false;
  #cancel: () => void = () => {};

  constructor(parts: { readonly clock: Clock; readonly logger: Logger; readonly use?: () => HeapUse }) {
    this.#clock = parts.clock;
    this.#logger = parts.logger;
    this.#use = parts.use ?? heapUse;
  }

  start(): void {
    this.#cancel = this.#clock.schedule(this.#clock.now() + LOOK_EVERY, () => {
      this.#look();
      this.start();
    });
  }

  stop(): void {
    this.#cancel();
  }

  #look(): void {
    const { used, limit } = this.#use();
    if (used < limit * EASED) this.#told = false;
    if (this.#told || used <= limit * NEARLY_FULL) return;
    this.#told = true;
    this.#logger.warn("the heap is nearly full, give the process more memory", { usedBytes: used, limitBytes: limit });
  }
}

// A large cluster on a real control plane: how long the controller's event loop stands still while it is filled, consolidated, rolled and surprised.

import { readFile } from "node:fs/promises";
import { Deployments, NodePools, Nodes, Pods } from "@karpenter-multicloud/core/api";
import { seconds } from "@karpenter-multicloud/core/units";
import { deployment, nodePool } from "../e2e-real/objects.ts";
import { Stage } from "../e2e-real/stage.ts";
import { ControllerPages, gapsBetween, type LoopGaps } from "../race/controller-figures.ts";
import type { ScaleOptions } from "./options.ts";

export interface PhaseFigures extends LoopGaps {
  readonly name: string;
  readonly seconds: number;
  /** At its end. */
  readonly nodes: number;
  readonly pods: number;
  readonly rssMiB: number;
}

export interface ScaleReport {
  readonly phases: readonly PhaseFigures[];
  /** Most at the end of a phase. */
  readonly rssMiB: number;
}

/** Four cores: room for ten pods of the filling size, and for some of the burst. */
const TYPE = "b3-16";
const POOL = "large";
const NODE_MILLI_CPU = 3400;
const BURST_MILLI_CPU = 200;
/** Much longer than it takes, on a machine that others use as well. */
const PATIENCE = seconds(1500);
const LESS = 0.6;

/** `note` is told each phase. */
export async function runScale(options: ScaleOptions, note: (text: string) => void): Promise<ScaleReport> {
  const { profile } = options;
  const env =
    profile === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-interval=2000 --cpu-prof-dir=${profile}` };
  const stage = await Stage.open({ env });
  try {
    return await new Scale(stage, options, note).run();
  } finally {
    await stage.close("scale");
  }
}

class Scale {
  readonly #stage: Stage;
  readonly #options: ScaleOptions;
  readonly #note: (text: string) => void;
  readonly #pages: ControllerPages;
  readonly #over = new AbortController();
  readonly #phases: PhaseFigures[] = [];

  constructor(stage: Stage, options: ScaleOptions, note: (text: string) => void) {
    this.#stage = stage;
    this.#options = options;
    this.#note = note;
    this.#pages = new ControllerPages(() => stage.controller.metricsPort);
  }

  async run(): Promise<ScaleReport> {
    const { nodes, podsPerNode, burst } = this.#options;
    const { controller, clock } = this.#stage;
    controller.start();
    await controller.leads();
    await this.#stage.applyNodeClass();
    await this.#stage.apply([
      nodePool({
        name: POOL,
        types: [TYPE],
        consolidationPolicy: "WhenEmptyOrUnderutilized",
        consolidateAfter: "15s",
        budgets: [{ nodes: "5%" }],
      }),
    ]);
    const cpu = `${Math.floor(NODE_MILLI_CPU / podsPerNode)}m`;
    const all = nodes * podsPerNode;
    await this.#phase("fill", async () => {
      await this.#stage.apply([deployment({ name: "filling", pool: POOL, cpu, replicas: all })]);
      await this.#untilRunning(all);
    });
    const watch = (): Promise<void> => clock.sleep(seconds(this.#options.seconds));
    await this.#phase("nothing happens", watch);
    await this.#phase("consolidation", async () => {
      await this.#scale("filling", Math.floor(LESS * all));
      await watch();
    });
    await this.#phase("drift", async () => {
      const body = { spec: { template: { metadata: { labels: { "scale.example.com/edition": "new" } } } } };
      await this.#stage.admin.patch(NodePools, { name: POOL }, { type: "merge", body });
      await watch();
    });
    await this.#phase("burst", async () => {
      const before = Math.floor(LESS * all);
      await this.#stage.apply([deployment({ name: "burst", pool: POOL, cpu: `${BURST_MILLI_CPU}m`, replicas: burst })]);
      await this.#untilRunning(before + burst);
    });
    return { phases: this.#phases, rssMiB: Math.max(...this.#phases.map(({ rssMiB }) => rssMiB)) };
  }

  async #phase(name: string, work: () => Promise<void>): Promise<void> {
    const { clock, admin } = this.#stage;
    const [since, before] = [clock.now(), await this.#pages.metrics(this.#over.signal)];
    await work();
    const gaps = gapsBetween(before, await this.#pages.metrics(this.#over.signal));
    const [nodes, pods] = await Promise.all([admin.list(Nodes), admin.list(Pods, { namespace: "default" })]);
    const figures = {
      name,
      seconds: Math.round((clock.now() - since) / 1000),
      nodes: nodes.items.length,
      pods: pods.items.length,
      rssMiB: await rssOf(this.#stage.controller.pid),
      ...gaps,
    };
    this.#phases.push(figures);
    this.#note(JSON.stringify(figures));
  }

  async #untilRunning(wanted: number): Promise<void> {
    const done = async (): Promise<boolean> => (await this.#stage.running()) >= wanted;
    if (await this.#stage.clock.until(done, { timeout: PATIENCE })) return;
    throw new Error(`${await this.#stage.running()} of ${wanted} pods run after ${PATIENCE / 1000} s`);
  }

  async #scale(name: string, replicas: number): Promise<void> {
    const key = { namespace: "default", name };
    await this.#stage.admin.patch(Deployments, key, { type: "merge", body: { spec: { replicas } } });
  }
}

/** As Linux tells it. */
async function rssOf(pid: number | undefined): Promise<number> {
  if (pid === undefined) return 0;
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? "0") / 1024);
}

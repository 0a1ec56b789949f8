// One race from the first machine to the last: what happened, and what must never have happened.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  DISRUPTED_TAINT,
  getCondition,
  hasTaint,
  isConditionTrue,
  NodeClaims,
  NodePools,
  Nodes,
  PodDisruptionBudgets,
  Pods,
  type NodeClaim,
} from "@karpenter-multicloud/core/api";
import { minutes, type Duration } from "@karpenter-multicloud/core/units";
import { seededRandom } from "@karpenter-multicloud/simulator";
import { auditOf } from "../e2e-real/audit-log.ts";
import { CONTROLLER_USER } from "../e2e-real/rendered-chart.ts";
import { Stage } from "../e2e-real/stage.ts";
import { PATIENCE } from "../real-cluster/patience.ts";
import { Chaos } from "./chaos.ts";
import { ControllerPages, gapsBetween, nodesByMethod, type LoopGaps } from "./controller-figures.ts";
import { History, type Change } from "../e2e-real/history.ts";
import { readLastLooks } from "./last-looks.ts";
import { GUARDED, loadFor, STUBBORN, type Load } from "./load.ts";
import { Mishaps } from "./mishaps.ts";
import type { RaceOptions } from "./options.ts";
import { FIXED, replay } from "./replay.ts";

export interface RaceReport {
  readonly seed: number;
  readonly seconds: number;
  /** Nodes taken away, by reason. */
  readonly disruptions: Readonly<Record<string, number>>;
  /** The same by method, as far as the controller's own record goes back. */
  readonly methods: Readonly<Record<string, number>>;
  readonly mostNodes: number;
  /** Pods that ever had a node. */
  readonly podsBound: number;
  readonly podsEvicted: number;
  /** Protected pods that were ended when the time of their node was up. */
  readonly endedAtDeadline: number;
  readonly boundWhileMarked: number;
  /** Nodes whose pods lost their room to pods that were bound after the last look. */
  readonly unseen: number;
  readonly claims: number;
  readonly machines: number;
  /** Of the controller, from the first disruption to the last machine. */
  readonly loop: LoopGaps;
  /** Every broken rule in one sentence; none is a pass. */
  readonly violations: readonly string[];
}

const BOOT_SECONDS = 30;
/** Without a single node taken away for so long, the race is over whatever it counted. */
const STANDSTILL: Duration = minutes(6);

/** `note` is told how far it is. */
export async function runRace(options: RaceOptions, note: (text: string) => void): Promise<RaceReport> {
  const { timeScale } = options;
  const stage = await Stage.open({ timeScale, env: { FEATURE_GATES: "NodeRepair=true" } });
  try {
    return await new Race(stage, options, note).run();
  } finally {
    await stage.close(`race-${options.seed}`);
  }
}

/** Beside the logs, for whoever wants to know how a rule was broken. */
async function saveHistory(changes: readonly Change[], commands: readonly object[], seed: number): Promise<void> {
  const keep = process.env["KMC_E2E_LOGS"];
  if (!keep) return;
  const folder = join(keep, `race-${seed}`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "history.jsonl"), changes.map((change) => JSON.stringify(change)).join("\n"));
  await writeFile(join(folder, "commands.json"), JSON.stringify(commands));
}

class Race {
  readonly #stage: Stage;
  readonly #options: RaceOptions;
  readonly #note: (text: string) => void;
  readonly #history = new History();
  readonly #load: Load;
  readonly #over = new AbortController();
  readonly #pages: ControllerPages;
  readonly #removed = new Set<string>();
  readonly #violations: string[] = [];
  #lastRemoval = 0;

  constructor(stage: Stage, options: RaceOptions, note: (text: string) => void) {
    this.#stage = stage;
    this.#options = options;
    this.#note = note;
    this.#load = loadFor(options.nodes, options.timeScale);
    this.#pages = new ControllerPages(() => stage.controller.metricsPort);
  }

  async run(): Promise<RaceReport> {
    const { seed, timeScale } = this.#options;
    const started = this.#stage.clock.now();
    await this.#begin();
    this.#note(`all workloads run after ${this.#since(started)}`);
    const metricsBefore = await this.#pages.metrics(this.#over.signal);
    const { chaos, mishaps } = await this.#disturb(started);
    await this.#settle();
    const state = await this.#stage.cloud.state();
    const commands = await this.#pages.commands(this.#over.signal);
    const poolsLeft = this.#stage.clock.now();
    await this.#leave();
    const loop = gapsBetween(metricsBefore, await this.#pages.metrics(this.#over.signal));
    this.#over.abort(new Error("the race is over"));
    const changes = this.#history.inOrder();
    await saveHistory(changes, commands, seed);
    const found = replay({
      changes,
      fixed: this.#load.fixed,
      deletedByUs: new Set([...chaos.deleted, ...mishaps.deleted]),
      poolsLeft,
      terms: { timeScale, repairs: this.#load.repairs, byHand: mishaps.byHand },
      looks: await readLastLooks(this.#stage.plane.auditLogPath, CONTROLLER_USER),
    });
    if (state.cost.machines > found.claims) {
      this.#violations.push(`${state.cost.machines} machines were bought for ${found.claims} claims`);
    }
    return {
      seed,
      seconds: Math.round((this.#stage.clock.now() - started) / 1000),
      disruptions: Object.fromEntries([...found.removed].toSorted()),
      methods: nodesByMethod(commands, found.removedNodes),
      mostNodes: found.mostNodes,
      podsBound: found.bound,
      podsEvicted: found.evicted,
      endedAtDeadline: found.endedAtDeadline,
      boundWhileMarked: found.boundWhileMarked,
      unseen: found.unseen,
      claims: found.claims,
      machines: state.cost.machines,
      loop,
      violations: [...found.findings.map(({ rule, text }) => `${rule}: ${text}`), ...this.#violations],
    };
  }

  async #begin(): Promise<void> {
    const { admin, clock, cloud, controller } = this.#stage;
    await cloud.switch({ bootSeconds: BOOT_SECONDS });
    controller.start();
    await controller.leads();
    await this.#stage.applyNodeClass();
    await this.#stage.apply(this.#load.objects);
    if (!(await clock.until(() => this.#isSettled(), { timeout: PATIENCE }))) {
      throw new Error(`the workloads do not run after ${PATIENCE / 1000} s`);
    }
    this.#history.onChange(({ resource, object }) => {
      if (resource !== "NodeClaim" || !object.metadata.deletionTimestamp) return;
      if (!isConditionTrue(object as NodeClaim, "Initialized") || this.#removed.has(object.metadata.uid ?? "")) return;
      this.#removed.add(object.metadata.uid ?? "");
      this.#lastRemoval = clock.now();
    });
    this.#history.follow(admin, clock, this.#over.signal);
  }

  /** Until so many nodes were disrupted as asked for, or none was for long. */
  async #disturb(started: number): Promise<{ readonly chaos: Chaos; readonly mishaps: Mishaps }> {
    const { seed, disruptions } = this.#options;
    const chaos = new Chaos(this.#stage, this.#load, seededRandom(seed));
    const mishaps = new Mishaps(this.#stage, this.#load, seededRandom(seed + 1_000_003));
    this.#lastRemoval = this.#stage.clock.now();
    const isOver = (): boolean => this.#removed.size >= disruptions || this.#standsStill();
    chaos.surprise(this.#history, isOver);
    await Promise.all([chaos.run(isOver), mishaps.run(isOver)]);
    this.#note(`${this.#removed.size} disruptions after ${this.#since(started)}`);
    if (this.#standsStill()) this.#violations.push(`nothing was disrupted for ${STANDSTILL / 1000} s`);
    await Promise.all([chaos.calm(), mishaps.calm()]);
    return { chaos, mishaps };
  }

  #standsStill(): boolean {
    return this.#stage.clock.now() - this.#lastRemoval > STANDSTILL;
  }

  /** All fixed pods run, and nothing is on its way out. */
  async #isSettled(): Promise<boolean> {
    return (await this.#unsettled()).length === 0;
  }

  async #unsettled(): Promise<readonly string[]> {
    const { admin } = this.#stage;
    const [nodes, claims, pods] = await Promise.all([admin.list(Nodes), admin.list(NodeClaims), admin.list(Pods)]);
    const fixed = pods.items.filter(({ metadata }) => metadata.labels?.[FIXED] !== undefined);
    const running = fixed.filter(({ status, metadata }) => status?.phase === "Running" && !metadata.deletionTimestamp);
    const { wanted } = this.#load;
    return [
      ...(running.length === wanted ? [] : [`${running.length} of ${wanted} fixed pods run`]),
      ...nodes.items
        .filter(({ spec }) => hasTaint(spec?.taints, DISRUPTED_TAINT))
        .map(({ metadata }) => `node ${metadata.name} is tainted`),
      ...claims.items
        .filter((claim) => getCondition(claim, "DisruptionReason")?.status === "True")
        .map(({ metadata }) => `nodeclaim ${metadata.name} is being disrupted`),
    ];
  }

  /** Nothing moves any more by itself once consolidation has found its end. */
  async #settle(): Promise<void> {
    const { clock } = this.#stage;
    const isCalm = await clock.until(() => this.#isSettled(), { timeout: PATIENCE });
    this.#note(`calm after the last disruption: ${isCalm}`);
    if (!isCalm) this.#violations.push(...(await this.#unsettled()).map((text) => `left: ${text}`));
    const { guarded } = this.#load;
    const pods = (await this.#stage.pods()).filter(({ metadata }) => metadata.labels?.["app"] === GUARDED);
    if (pods.length < guarded) this.#violations.push(`left: ${pods.length} of ${guarded} guarded pods are there`);
  }

  /** The pools go, and with them every machine. */
  async #leave(): Promise<void> {
    const { admin, clock, cloud, plane, controller } = this.#stage;
    // Its pods find no other place any more, so that it would hold the second of them for ever.
    for (const name of [GUARDED, STUBBORN]) await admin.delete(PodDisruptionBudgets, { name, namespace: "default" });
    for (const { metadata } of (await admin.list(NodePools)).items) {
      await admin.delete(NodePools, { name: metadata.name ?? "" });
    }
    await clock.until(async () => (await this.#stage.leftovers()).length === 0, { timeout: PATIENCE });
    const leaked = await this.#stage.leftovers();
    this.#violations.push(...leaked.map((text) => `leaked: ${text}`));
    const { violations } = await cloud.invariants();
    this.#violations.push(...violations.map((each) => `cloud: ${JSON.stringify(each)}`));
    const { denied } = await auditOf(plane.auditLogPath, CONTROLLER_USER);
    this.#violations.push(...denied.map((text) => `denied: ${text}`));
    for (const line of controller.errors().slice(0, 5)) this.#note(`error in the log: ${line.slice(0, 300)}`);
  }

  #since(started: number): string {
    return `${((this.#stage.clock.now() - started) / 1000).toFixed(0)} s`;
  }
}

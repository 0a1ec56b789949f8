// The record of each command: what it set out to do, how far it is, and what came of it (DX-1).

import type { NodeClaim } from "../../api/index.ts";
import type { CommandRecord, Phase } from "../../decisions/index.ts";
import type { ProposedCommand } from "../../disruption/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { hours, minutes, parseNillableDuration, type Duration } from "../../units/index.ts";
import { movedBy, placementOf, type MovedPods } from "./actual-placement.ts";
import type { RunningCommand } from "./command.ts";

const MOST_TYPES = 5;
const MOST_MOVES = 100;

/** What is saved later than this nobody knows (DX-17). */
const HORIZON: Duration = hours(24);
/** By then the successors of moved pods have a place, or something else is wrong. */
const PLACED_WITHIN: Duration = minutes(10);

type Deps = Pick<ControllerDeps, "cache" | "clock" | "decisions" | "metrics" | "state">;

/** As in the metrics (DM-44). */
const PHASES: Readonly<Record<RunningCommand["phase"], string>> = {
  waiting: "validate",
  tainted: "launch",
  starting: "init",
};

export class CommandRecords {
  readonly #deps: Deps;
  readonly #open = new Map<string, CommandRecord>();
  /** Commands whose pods may not have arrived yet. */
  #arriving: readonly { readonly record: CommandRecord; readonly moved: MovedPods; readonly until: number }[] = [];

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** It has begun, or is in another phase. */
  follow(command: RunningCommand): void {
    const { clock } = this.#deps;
    const known = this.#open.get(command.id) ?? { ...planOf(command), ...this.#horizonSavings(command), phases: [] };
    if (known.phases.at(-1)?.name === command.phase) return;
    const now = clock.now();
    this.#observe(known, now);
    // What was validated may be less than what was proposed.
    const { nodes } = command.proposed;
    const phases = [...overAt(known.phases, now, "passed"), { name: command.phase, start: now }];
    this.#store({ ...known, nodes, phases });
  }

  ended(command: RunningCommand): void {
    const { id, proposed } = command;
    const known = this.#open.get(id);
    if (!known) return;
    this.#open.delete(id);
    const { clock, decisions, state } = this.#deps;
    const gone = proposed.nodes.filter((name) => {
      const node = state.nodeByName(name);
      return !node?.nodeClaim || node.nodeClaim.metadata.deletionTimestamp !== undefined;
    });
    const isDone = gone.length === proposed.nodes.length && proposed.nodes.length > 0;
    const outcome = isDone ? "Done" : gone.length > 0 ? "PartlyDone" : "GivenUp";
    const stays = proposed.nodes.find((name) => !gone.includes(name));
    const why = decisions.list().findLast(({ subject }) => subject === `Node ${stays}`);
    const now = clock.now();
    this.#observe(known, now);
    const record: CommandRecord = {
      ...known,
      phases: overAt(known.phases, now, outcome),
      outcome,
      end: now,
      ...(!isDone && why && { why: `${why.verdict}: ${why.detail}` }),
    };
    this.#store(record);
    this.#open.delete(id);
    const moved = gone.length > 0 ? movedBy(command) : undefined;
    if (moved) this.#arriving = [...this.#arriving, { record, moved, until: now + PLACED_WITHIN }];
  }

  /** DX-1: where the pods of commands that are over have ended up. */
  look(): void {
    const { cache, clock, decisions } = this.#deps;
    this.#arriving = this.#arriving.filter(({ record, moved, until }) => {
      const actualPlacement = placementOf(moved, cache);
      decisions.command({ ...record, actualPlacement }, { keepPlace: true });
      return actualPlacement.pending > 0 && clock.now() < until;
    });
  }

  /** Until the first of its nodes would have gone by itself. */
  #horizonSavings({ proposed: { nodes, savings } }: RunningCommand): Pick<CommandRecord, "horizonSavings"> {
    if (savings === undefined) return {};
    const { clock, state } = this.#deps;
    const lives = nodes.flatMap((name) => state.nodeByName(name)?.nodeClaim ?? []).map((claim) => lifeEnd(claim));
    const life = Math.max(0, Math.min(...lives.map((end) => end - clock.now()), HORIZON));
    return { horizonSavings: savings * (life / hours(1)) };
  }

  /** The phase that is over now. */
  #observe({ reason, phases }: CommandRecord, now: number): void {
    const phase = phases.at(-1);
    if (phase === undefined || phase.end !== undefined) return;
    const labels = { reason: reason.toLowerCase(), phase: PHASES[phase.name as RunningCommand["phase"]] };
    this.#deps.metrics.observe("kmc_disruption_command_duration_seconds", labels, (now - phase.start) / 1000);
  }

  #store(record: CommandRecord): void {
    this.#open.set(record.id, record);
    this.#deps.decisions.command(record);
  }
}

function planOf({ id, proposed }: RunningCommand): Omit<CommandRecord, "phases"> {
  const { method, reason, decision, nodes, replacements, savings, disruptionCost, score, alternatives } = proposed;
  return {
    id,
    method,
    reason,
    decision,
    nodes,
    replacements: replacements.map(({ instanceTypes, cheapest }) => ({
      types: instanceTypes.slice(0, MOST_TYPES).map(({ name }) => name),
      ...(cheapest.offering.price && { pricePerHour: cheapest.offering.price.amount }),
    })),
    moves: movesOf(proposed),
    ...(savings !== undefined && { savingsPerHour: savings }),
    moveCost: disruptionCost,
    ...(score !== undefined && { score }),
    ...(alternatives && { alternatives }),
  };
}

function overAt(phases: readonly Phase[], now: number, result: string): readonly Phase[] {
  return phases.map((phase) => (phase.end === undefined ? { ...phase, end: now, result } : phase));
}

/** Epoch milliseconds; a machine that never expires lives for ever. */
function lifeEnd({ metadata, spec }: NodeClaim): number {
  const after = parseNillableDuration(spec.expireAfter ?? "Never");
  const since = Date.parse(metadata.creationTimestamp ?? "");
  return after === undefined || Number.isNaN(since) ? Infinity : since + after;
}

function movesOf({ nodes, existing, replacements }: ProposedCommand): CommandRecord["moves"] {
  const leaving = new Set(nodes);
  const places = [
    ...existing.map(({ node, pods }) => ({ to: node, pods })),
    ...replacements.map(({ pods }, index) => ({ to: `new#${index + 1}`, pods })),
  ];
  return places
    .flatMap(({ to, pods }) =>
      pods.map(({ metadata, spec }) => ({
        pod: `${metadata.namespace ?? "default"}/${metadata.name ?? ""}`,
        from: spec.nodeName ?? "",
        to,
      })),
    )
    .filter(({ from }) => leaving.has(from))
    .slice(0, MOST_MOVES);
}

// The record of each command: what it set out to do, how far it is, and what came of it (DX-1).

import type { CommandRecord } from "../../decisions/index.ts";
import type { ProposedCommand } from "../../disruption/index.ts";
import type { ControllerDeps } from "../deps.ts";
import type { RunningCommand } from "./command.ts";

const MOST_TYPES = 5;
const MOST_MOVES = 100;

type Deps = Pick<ControllerDeps, "clock" | "decisions" | "state">;

export class CommandRecords {
  readonly #deps: Deps;
  readonly #open = new Map<string, CommandRecord>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** It has begun, or is in another phase. */
  follow(command: RunningCommand): void {
    const { clock } = this.#deps;
    const known = this.#open.get(command.id) ?? { ...planOf(command), phases: [] };
    if (known.phases.at(-1)?.name === command.phase) return;
    // What was validated may be less than what was proposed.
    const { nodes } = command.proposed;
    this.#store({ ...known, nodes, phases: [...known.phases, { name: command.phase, start: clock.now() }] });
  }

  ended({ id, proposed }: RunningCommand): void {
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
    this.#store({
      ...known,
      outcome,
      end: clock.now(),
      ...(!isDone && why && { why: `${why.verdict}: ${why.detail}` }),
    });
    this.#open.delete(id);
  }

  #store(record: CommandRecord): void {
    this.#open.set(record.id, record);
    this.#deps.decisions.command(record);
  }
}

function planOf({ id, proposed }: RunningCommand): Omit<CommandRecord, "phases"> {
  const { method, reason, decision, nodes, replacements, savings, disruptionCost } = proposed;
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
  };
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

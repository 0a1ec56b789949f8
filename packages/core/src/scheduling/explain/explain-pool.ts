// Why one NodePool cannot add a node for one pod: the checks one after the other, and the first that no instance type passes (S-620).

import { formatTaint, untolerated } from "../../api/index.ts";
import type { RequirementConflict, Requirements } from "../../requirements/index.ts";
import type { Resources } from "../../units/index.ts";
import { DISJOINT, RequirementBook } from "../compile/requirement-book.ts";
import { findsReservation, keepsMinValues, minValuesFinding, reservationFinding } from "./explain-claim-checks.ts";
import { passingOffers, unavailableFinding } from "./explain-offerings.ts";
import { noTypeFinding } from "./explain-requirements.ts";
import { Sales } from "./explain-sales.ts";
import { likelyMeant } from "./explain-spelling.ts";
import { hasTopology, narrowedByTopology, passingTopology, topologyFinding } from "./explain-topology.ts";
import { limitFinding, passingLimits, passingSize, shortageFinding } from "./explain-resources.ts";
import {
  hasPlaces,
  passingVolumeLimits,
  passingVolumes,
  volumeFinding,
  volumeLimitFinding,
} from "./explain-volumes.ts";
import { portConflict } from "../host-ports.ts";
import { stageOf } from "./nearest-miss.ts";
import { countOf } from "../placement/instance-filter.ts";
import type { TypeGroup } from "../placement/instance-filter.ts";
import type { Attempt, PodToPlace } from "../pod-to-place.ts";
import type { Finding, PoolFinding, PoolQuestion } from "./pool-finding.ts";
import type { NodePoolExplanation } from "../solution.ts";
import type { Template } from "../templates.ts";
import type { ExplainedWorld } from "./explained-world.ts";

interface Stage {
  readonly name: string;
  /** @defaultValue for every pod */
  applies?(question: PoolQuestion): boolean;
  passing(groups: readonly TypeGroup[], question: PoolQuestion): readonly TypeGroup[];
  /** Asked only when nothing passed; `groups` are those that reached the check. */
  finding(groups: readonly TypeGroup[], question: PoolQuestion): Finding;
}

const NONE: readonly TypeGroup[] = [];

const TOPOLOGY: Stage = {
  name: "topology",
  applies: hasTopology,
  passing: passingTopology,
  finding: topologyFinding,
};

const VOLUMES: Stage = {
  name: "volumes",
  applies: hasPlaces,
  passing: passingVolumes,
  finding: volumeFinding,
};

const VOLUME_LIMITS: Stage = {
  name: "volumeLimits",
  applies: ({ pod }) => pod.volumes.mounts.length > 0,
  passing: passingVolumeLimits,
  finding: volumeLimitFinding,
};

const LIMITS: Stage = {
  name: "limits",
  passing: passingLimits,
  finding: limitFinding,
};

/** No request changes how they end. */
const BEGINNING: readonly Stage[] = [
  {
    name: "pool",
    passing: (groups, { template, sales }) => sales.keep(groups, template, template.requirements),
    finding: (groups, { template }) => ({
      ...noTypeFinding(groups, template.requirements, "the NodePool's own requirements ask for"),
      reason: "NoInstanceType",
    }),
  },
  {
    name: "taints",
    passing: (groups, { template, attempt }) => (untolerated(template.taints, attempt.tolerations) ? NONE : groups),
    finding: (_, { template, attempt }) => taintFinding(template, attempt),
  },
  {
    name: "requirements",
    passing: (groups, question) => passingRequirements(groups, question),
    finding: (groups, question) => requirementFinding(groups, question),
  },
  VOLUMES,
  VOLUME_LIMITS,
  {
    name: "ports",
    passing: (groups, { pod: { hostPorts } }) =>
      hostPorts.length === 0 ? groups : groups.filter((group) => !portConflict(hostPorts, group.hostPorts)),
    finding: (groups, { pod }) => portFinding(groups, pod),
  },
];

const ENDING: readonly Stage[] = [
  {
    name: "fit",
    passing: passingSize,
    finding: shortageFinding,
  },
  {
    name: "offering",
    passing: passingOffers,
    finding: unavailableFinding,
  },
  {
    name: "minValues",
    passing: (groups, question) => (keepsMinValues(groups, question) ? groups : NONE),
    finding: minValuesFinding,
  },
  {
    name: "reservation",
    passing: (groups, question) => (findsReservation(groups, question) ? groups : NONE),
    finding: reservationFinding,
  },
];

/** How far the types of a pool came, for one of the places of a pod's volumes. */
interface Walk {
  readonly question: PoolQuestion;
  readonly groups: readonly TypeGroup[];
  readonly funnel: NodePoolExplanation["funnel"];
  /** Nothing came further. */
  readonly end?: PoolFinding;
}

/** Pods that differ in nothing but their requests, as one pool sees them. */
interface Begun {
  /** S-309: one for each place of the volumes. */
  readonly walks: readonly Walk[];
  readonly byRequests: WeakMap<Resources, PoolFinding>;
}

type Kind = Map<Template, Begun>;

/** Remembers what different pods have in common, as things stand at the end of one solve. */
export class PoolExaminer {
  readonly #world: ExplainedWorld;
  readonly #book: RequirementBook;
  readonly #sales: Sales;
  readonly #kinds = new Map<string, Kind>();
  readonly #byAttempt = new WeakMap<Attempt, Kind>();
  readonly #skipped = new Map<Template, PoolFinding>();

  constructor(world: ExplainedWorld) {
    this.#world = world;
    this.#book = world.book ?? new RequirementBook(world.wellKnown);
    this.#sales = new Sales(this.#book);
  }

  examine(template: Template, pod: PodToPlace, attempt: Attempt): PoolFinding {
    if (template.skipped) return remembered(this.#skipped, template, () => skippedPool(template));
    const begun = remembered(this.#kindOf(pod, attempt), template, () => this.#begin(template, pod, attempt));
    const known = begun.byRequests.get(pod.requests);
    if (known !== undefined) return known;
    // S-309 tries one after the other; the one that came furthest tells most.
    const [first, ...others] = begun.walks.map((walk) => finished(walk, pod, attempt));
    if (first === undefined) throw new Error("a pod's volumes have no alternative");
    const finding = others.reduce((best, each) => (funnelOf(each) > funnelOf(best) ? each : best), first);
    if (!dependsOnTopology(pod, attempt)) begun.byRequests.set(pod.requests, finding);
    return finding;
  }

  /** Pods without volumes and ports differ in little else. */
  #kindOf(pod: PodToPlace, attempt: Attempt): Kind {
    const known = this.#byAttempt.get(attempt);
    if (known !== undefined) return known;
    const { hostPorts, volumes } = pod;
    const isPlain = hostPorts.length + volumes.mounts.length + volumes.places.length === 0;
    const parts = [this.#book.idOf(attempt.requirements), dependsOnTopology(pod, attempt), attempt.tolerations];
    const kind = isPlain ? remembered(this.#kinds, JSON.stringify(parts), () => new Map()) : new Map();
    this.#byAttempt.set(attempt, kind);
    return kind;
  }

  #begin(template: Template, pod: PodToPlace, attempt: Attempt): Begun {
    const requirements = this.#merged(template, attempt);
    const stages = dependsOnTopology(pod, attempt) ? BEGINNING : [...BEGINNING, LIMITS];
    const walks = pod.volumes.alternatives.map((place) => {
      const question = { template, pod, attempt, world: this.#world, sales: this.#sales, requirements, place };
      return walked(stages, { question, groups: template.sold, funnel: [] });
    });
    return { walks, byRequests: new WeakMap() };
  }

  /** Where the two have nothing in common, it is never asked for. */
  #merged(template: Template, attempt: Attempt): Requirements {
    const merged = this.#book.intersect(this.#book.idOf(template.requirements), this.#book.idOf(attempt.requirements));
    return merged === DISJOINT ? template.requirements : this.#book.get(merged);
  }
}

function dependsOnTopology(pod: PodToPlace, attempt: Attempt): boolean {
  return hasTopology({ pod, attempt });
}

function funnelOf({ explanation }: PoolFinding): number {
  return explanation.funnel.length;
}

function finished(walk: Walk, pod: PodToPlace, attempt: Attempt): PoolFinding {
  if (walk.end !== undefined) return walk.end;
  const question = { ...walk.question, pod, attempt };
  const stages = dependsOnTopology(pod, attempt) ? [TOPOLOGY, LIMITS, ...ENDING] : ENDING;
  const { end, funnel } = walked(stages, { ...walk, question });
  if (end !== undefined) return end;
  return rejected(question.template, funnel, {
    reason: "NotEvaluated",
    short: "could take it, but was not asked",
    detail: "it could take the pod; another NodePool was tried first",
  });
}

function walked(stages: readonly Stage[], from: Walk): Walk {
  let { question, groups } = from;
  const funnel = [...from.funnel];
  for (const stage of stages) {
    if (stage.applies && !stage.applies(question)) continue;
    const passing = stage.passing(groups, question);
    funnel.push({ stage: stage.name, left: countOf(passing) });
    if (passing.length === 0) {
      return { question, groups, funnel, end: rejected(question.template, funnel, stage.finding(groups, question)) };
    }
    groups = passing;
    if (stage === VOLUMES) question = { ...question, requirements: question.requirements.merge(question.place) };
    if (stage === TOPOLOGY) question = { ...question, requirements: narrowedByTopology(groups, question) };
  }
  return { question, groups, funnel };
}

function remembered<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function rejected(
  template: Template,
  funnel: NodePoolExplanation["funnel"],
  { short, fix, ...finding }: Finding,
): PoolFinding {
  const verdict = finding.reason === "NotEvaluated" ? "deferred" : "rejected";
  return {
    explanation: { nodePool: template.name, verdict, ...finding, funnel },
    short,
    ...(fix === undefined ? {} : { fix }),
    rank: stageOf(finding.reason),
  };
}

function skippedPool({ name, skipped }: Template): PoolFinding {
  const reason = skipped?.reason ?? "NodePoolNotReady";
  const detail = skipped?.detail ?? "";
  return {
    explanation: { nodePool: name, verdict: "skipped", reason, detail, funnel: [] },
    short: `not used: ${detail}`,
    rank: -2,
  };
}

function taintFinding({ taints }: Template, { tolerations }: Attempt): Finding {
  const taint = untolerated(taints, tolerations);
  const text = `taint ${taint ? formatTaint(taint) : ""} not tolerated`;
  const fix = "add the toleration to the pod or take the taint off the NodePool";
  return { reason: "TaintNotTolerated", short: text, detail: text, fix, ...(taint && { key: taint.key }) };
}

function passingRequirements(groups: readonly TypeGroup[], question: PoolQuestion): readonly TypeGroup[] {
  const { template, attempt, requirements, world, sales } = question;
  if (!template.requirements.isCompatible(attempt.requirements, world.wellKnown)) return NONE;
  return sales.keep(groups, template, requirements);
}

function requirementFinding(groups: readonly TypeGroup[], question: PoolQuestion): Finding {
  const { template, attempt, requirements, world } = question;
  const conflict = template.requirements.compatible(attempt.requirements, world.wellKnown);
  if (conflict !== undefined) {
    const { kind, key, wanted, offered } = conflict;
    if (kind === "Undefined") return unknownLabelFinding(conflict, question);
    const short = `needs ${wanted}, allowed is ${offered.replace(`${key} `, "")}`;
    const fix = "widen the NodePool's requirements, or change the pod's nodeSelector or affinity";
    return { reason: "RequirementMismatch", short, detail: short, fix, key, wanted, offered };
  }
  return noTypeFinding(groups, requirements, "needs");
}

/** Parity knows cut-off names only (S-115); a slip of the finger is the likelier mistake. */
function unknownLabelFinding(conflict: RequirementConflict, { template, world }: PoolQuestion): Finding {
  const { key, wanted, offered, message, hint } = conflict;
  const meant = hint ?? likelyMeant(key, [...template.requirements.keys(), ...world.wellKnown]);
  const text = meant === undefined || meant === hint ? message : `${message} (typo of "${meant}"?)`;
  const inPool = "to the NodePool in spec.template.metadata.labels";
  const fix =
    meant === undefined
      ? `give it ${inPool}, or take it off the pod`
      : `correct it in the pod, or give the label ${inPool}`;
  return { reason: "UnknownLabel", short: text, detail: text, fix, key, wanted, offered };
}

function portFinding(groups: readonly TypeGroup[], { hostPorts }: PodToPlace): Finding {
  const [port] = groups.flatMap((group) => portConflict(hostPorts, group.hostPorts) ?? []);
  const text = `host port ${port?.port ?? ""}/${port?.protocol ?? ""} is used by a DaemonSet on every node`;
  return { reason: "HostPort", short: text, detail: text };
}

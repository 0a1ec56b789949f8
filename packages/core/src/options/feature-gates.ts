// What can be switched on or off as a whole, and what is on by default.

export type GateStage = "alpha" | "beta" | "stable";

export interface FeatureGate {
  readonly name: string;
  readonly default: boolean;
  readonly stage: GateStage;
  /** Karpenter's version that brought it. */
  readonly since: string;
  readonly effect: string;
}

export const FEATURE_GATES = [
  {
    name: "NodeRepair",
    default: false,
    stage: "alpha",
    since: "1.1",
    effect: "replaces nodes that a repair policy of the provider calls unhealthy",
  },
  {
    name: "ReservedCapacity",
    default: true,
    stage: "beta",
    since: "1.6",
    effect: "uses reserved offerings",
  },
  {
    name: "SpotToSpotConsolidation",
    default: false,
    stage: "alpha",
    since: "0.34",
    effect: "replaces spot nodes by cheaper spot nodes",
  },
  {
    name: "NodeOverlay",
    default: false,
    stage: "alpha",
    since: "1.7",
    effect: "lets NodeOverlay objects change prices and capacities of instance types",
  },
  {
    name: "StaticCapacity",
    default: false,
    stage: "alpha",
    since: "1.8",
    effect: "keeps the replicas a NodePool asks for, whatever the pods need",
  },
  {
    name: "CapacityBuffer",
    default: false,
    stage: "alpha",
    since: "1.13",
    effect: "keeps spare capacity as CapacityBuffer objects ask for",
  },
] as const satisfies readonly FeatureGate[];

export type FeatureGateName = (typeof FEATURE_GATES)[number]["name"];
export type FeatureGates = Readonly<Record<FeatureGateName, boolean>>;

export function defaultFeatureGates(): FeatureGates {
  return Object.fromEntries(FEATURE_GATES.map((gate) => [gate.name, gate.default])) as FeatureGates;
}

/** "A=true,B=false". Gates not named keep their default, names we do not know are ignored (OP-4). Throws on anything else. */
export function parseFeatureGates(text: string): FeatureGates {
  const gates: Record<string, boolean> = defaultFeatureGates();
  for (const part of text.split(",").map((item) => item.trim())) {
    if (part === "") continue;
    const [name = "", value, ...rest] = part.split("=").map((item) => item.trim());
    if (name === "" || rest.length > 0 || (value !== "true" && value !== "false")) {
      throw new Error(`${JSON.stringify(part)} is not of the form Name=true or Name=false`);
    }
    if (Object.hasOwn(gates, name)) gates[name] = value === "true";
  }
  return gates as FeatureGates;
}

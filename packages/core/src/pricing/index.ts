// The room of prices: what an offering, a node and a cluster cost per hour.

export * from "./cluster-cost.ts";
export * from "./offering-price.ts";
export * from "./overlays/index.ts";

// What every provider's NodeClass needs from day to day; a provider adds what it looks at and its own conditions.

export { conditionTrue, conditionUnknown, conditionFalse } from "./finding.ts";
export type { Finding, Inspection, Remark } from "./finding.ts";
export { nodeClassStatusController } from "./controller.ts";
export type { NodeClassStatusParts, NodeClassStatusPorts } from "./controller.ts";
export type { NodeClassRules, StatusPorts } from "./node-class-rules.ts";
export { problemReporter } from "./problem-reporter.ts";
export type { ProblemReporter } from "./problem-reporter.ts";
export { RecentTroubles } from "./recent-troubles.ts";

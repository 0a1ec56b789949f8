export { toFakeFaults } from "./fake-faults.ts";
export type { FakeWords } from "./fake-faults.ts";
export type { RunningControllers } from "./controller-life.ts";
export { CLUSTER_NAME } from "./controller-life.ts";
export { Stage } from "./stage.ts";
export type { ClaimOptions, StageOptions } from "./stage.ts";
export type {
  CloudAction,
  CloudFault,
  CloudFaultKind,
  CloudMachine,
  CloudRequest,
  Subject,
  SubjectCloud,
  SubjectContext,
} from "./subject.ts";

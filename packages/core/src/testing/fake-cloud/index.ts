export { FaultList } from "./faults.ts";
export type {
  FakeFault,
  FaultMatch,
  MachineFacts,
  MachineFaultKind,
  RequestFacts,
  RequestFaultKind,
} from "./faults.ts";
export { matchesGlob } from "./glob.ts";
export { Invariants, reportOf } from "./invariants.ts";
export type { InvariantGroups, InvariantReport, Violation } from "./invariants.ts";
export { Ledger } from "./ledger.ts";
export type { Cost, PriceTag } from "./ledger.ts";
export { startListening } from "./listening.ts";
export type { Listening, ListenOptions } from "./listening.ts";
export { afterwards, instead, losesAnswer, plain, Reply } from "./outcome.ts";
export type { Answer, Incoming, Outcome } from "./outcome.ts";
export { PathTable } from "./path-table.ts";
export type { PathCall, PathMatch, PathRoute } from "./path-table.ts";
export { RequestLog } from "./request-log.ts";
export { RequestRate } from "./request-rate.ts";
export type { LoggedRequest, RequestRecord } from "./request-log.ts";
export { SeededRandom } from "./seeded-random.ts";
export { durationsAt } from "./speed.ts";
export type { SpeedOf } from "./speed.ts";
export { Timers } from "./timers.ts";
export { startTunnelProxy } from "./tunnel-proxy.ts";
export type { Tunnel, TunnelProxy } from "./tunnel-proxy.ts";
export { waitWall, wallMs } from "./wall-time.ts";
export type { WorldBasis } from "./world-basis.ts";

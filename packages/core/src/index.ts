// The names most users of core need. Everything else stands behind a subpath (./api, ./provider, ./scheduling, …).

export type { CloudProvider, CallContext, InstanceTypes, RepairPolicy, MachineTimeouts } from "./provider/index.ts";
